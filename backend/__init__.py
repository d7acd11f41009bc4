"""Khu Phố's server: one folder a feature, layers inside (see the README's map)."""

import os

# Piccolo finds its engine and its migrations through this module.
os.environ.setdefault("PICCOLO_CONF", "backend.piccolo_conf")
