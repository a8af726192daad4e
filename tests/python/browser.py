"""The browser of a person who signs in: follows redirects, and posts a form that posts itself.

Usage: browser.py PERSON URL
"""

import sys
import urllib.parse
import urllib.request
from html.parser import HTMLParser


class Form(HTMLParser):
    """The form of a page."""

    def __init__(self):
        super().__init__()
        self.action, self.fields = None, {}

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.action = attrs["action"]
        elif tag == "input":
            self.fields[attrs["name"]] = attrs["value"]


def main(person, url):
    hint = urllib.parse.urlencode({"login_hint": person})
    with urllib.request.urlopen(f"{url}&{hint}", timeout=20) as answer:
        page = answer.read().decode()
        form = Form()
        if answer.url.startswith(url):
            form.feed(page)
    if form.action:
        body = urllib.parse.urlencode(form.fields).encode()
        urllib.request.urlopen(form.action, body, timeout=20).close()


main(*sys.argv[1:])
