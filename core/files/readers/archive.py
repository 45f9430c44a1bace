"""Documents that are ZIP files with XML in them: opened only where what they unfold to is bearable."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import parse  # type: ignore[import-untyped]  # it has no annotations

UNFOLDED = 128 * 1024 * 1024  # bytes of all members together, as the archive's list says: more is never read
MEMBERS = 10_000


class Archive:
    """An office document's members."""

    def __init__(self, content: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(content))
        members = self._zip.infolist()
        if len(members) > MEMBERS or sum(member.file_size for member in members) > UNFOLDED:
            raise ValueError("it unfolds to too much")
        self.names = {member.filename for member in members}

    def xml(self, name: str) -> Element:
        """Return a member's root element; one that is missing is empty. Entities and references are refused."""
        if name not in self.names:
            return Element("none")
        with self._zip.open(name) as file:
            root: Element = parse(file, forbid_dtd=True).getroot()
        return root

    def bytes_of(self, name: str) -> bytes:
        """Return a member's content."""
        return self._zip.read(name)

    def relationships_of(self, name: str) -> dict[str, str]:
        """Return what a member of an Office document points to, by the id of the relationship."""
        folder, file = posixpath.split(name)
        links = self.xml(posixpath.join(folder, "_rels", f"{file}.rels"))
        return {
            link.get("Id", ""): posixpath.normpath(posixpath.join(folder, link.get("Target", ""))).lstrip("/")
            for link in links
            if link.get("TargetMode") != "External"
        }


def local_name(element: Element) -> str:
    """Return an element's name without its namespace; of comments and the like, nothing."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its name without a namespace, empty where there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def children(element: Element, *names: str) -> Iterator[Element]:
    """Yield the elements directly below one that have one of the names."""
    return (child for child in element if local_name(child) in names)
