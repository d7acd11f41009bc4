"""What Piccolo looks for: the engine and the list of apps with migrations."""

from piccolo.conf.apps import AppRegistry

from backend.db import ENGINE

DB = ENGINE
APP_REGISTRY = AppRegistry(apps=["backend.piccolo_app"])
