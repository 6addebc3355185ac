"""Reading a built page back: its links, its anchors, what its maps and its tables hold.

Only what is written in a page belongs here; whether it is right is for `verification`.
"""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "img", "br", "hr", "input", "col"})
FETCHING = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src",
            "video": "src", "audio": "src", "object": "data", "embed": "src", "use": "href",
            "image": "href", "form": "action"}  # fmt: skip
"""Elements that make a browser ask for something by themselves, with the attribute that says it."""


class PageRead(HTMLParser):
    """What one page holds.

    Args:
        text: the page, as HTML.

    Attributes:
        identifiers: anchors of the page.
        links: addresses that a reader may follow.
        fetched: addresses that a browser asks for by itself.
        inline: handlers and styles written inside elements.
        drawn: areas of maps with the number they show.
        listed: areas of tables with the number they show.
        sentences: generated sentences, one text each.
        language: language of the page.
        title: title of the page.
        policy: content security policy.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.identifiers: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.inline: list[str] = []
        self.drawn: list[tuple[str, str]] = []
        self.listed: list[tuple[str, str]] = []
        self.sentences: list[str] = []
        self.language = self.title = self.policy = ""
        self._open: list[tuple[str, str]] = []
        self._sentence: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element says."""
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.identifiers.add(given["id"])
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in FETCHING and given.get(FETCHING[tag]):
            self.fetched.append(given[FETCHING[tag]])
        elif tag == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = given.get("content", "")
        self.inline += [
            f"{tag} {name}" for name in given if name == "style" or name.startswith("on")
        ]
        if "data-index" in given:
            place = self.drawn if tag == "a" else self.listed
            place.append((given.get("data-area", ""), given["data-index"]))
        if tag not in VOID:
            self._open.append((tag, given.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and the sentence it held."""
        if self._in_sentence() and tag == "li":
            self.sentences.append(" ".join("".join(self._sentence).split()))
            self._sentence = []
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        """Keep the title and the words of a sentence."""
        # Drawings have titles of their own.
        if [name for name, _ in self._open][-2:] == ["head", "title"]:
            self.title = data.strip()
        elif self._in_sentence():
            self._sentence.append(data)

    def _in_sentence(self) -> bool:
        names = [name for name, _ in self._open]
        return "li" in names and any(
            tag == "ul" and "sentences" in kind.split() for tag, kind in self._open
        )
