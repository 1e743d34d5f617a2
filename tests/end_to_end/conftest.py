"""The browser of the tests that open the web page."""

from tests.chromium import browser

__all__ = ["browser"]
