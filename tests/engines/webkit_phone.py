"""A window around WebKitGTK that keeps what pages store, as a phone does; for WebKitWebDriver.

WebKit's own MiniBrowser forgets everything when it is driven. This one is started by
WebKitWebDriver as `webkit_phone.py FOLDER LANGUAGE LATITUDE LONGITUDE` with the system's Python,
which has PyGObject; it is no part of the tests' environment.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402

folder, language, latitude, longitude = sys.argv[1:5]
kept = WebKit2.WebsiteDataManager(
    base_data_directory=str(Path(folder) / "data"),
    base_cache_directory=str(Path(folder) / "cache"),
)
context = WebKit2.WebContext.new_with_website_data_manager(kept)
context.set_preferred_languages([language])
context.set_automation_allowed(True)
cookies = kept.get_cookie_manager()
cookies.set_persistent_storage(
    str(Path(folder) / "cookies.sqlite"), WebKit2.CookiePersistentStorage.SQLITE
)
alive: list[object] = []


def allow(_view: object, request: WebKit2.PermissionRequest) -> bool:
    """The person says yes."""
    request.allow()
    return True


def open_view(session: object) -> WebKit2.WebView:
    """A tab, in a window as large as a phone's."""
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
    view.connect("permission-request", allow)
    window = Gtk.Window()
    window.set_default_size(400, 740)
    window.add(view)
    window.show_all()
    alive.extend((view, window, session))
    view.load_uri("about:blank")
    return view


def begin(_context: object, session: WebKit2.AutomationSession) -> None:
    """WebKitWebDriver is there; it checks name and version against what the test asked for."""
    about = WebKit2.ApplicationInfo()
    about.set_name("KhuPhoPhone")
    about.set_version(
        WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version()
    )
    session.set_application_info(about)
    session.connect("create-web-view", open_view)
    alive.append(session)


def locate(manager: WebKit2.GeolocationManager) -> bool:
    """Always at the same place, to 14 metres."""
    manager.update_position(WebKit2.GeolocationPosition.new(float(latitude), float(longitude), 14))
    return True


places = context.get_geolocation_manager()
places.connect("start", locate)
alive.append(places)
context.connect("automation-started", begin)
Gtk.main()
