"""What turns WeasyPrint's PDF/A-3a into a PDF/UA-1 as well: a few entries, added before the file is written.

WeasyPrint writes one variant at a time. It tags a PDF/A-3a as PDF/UA-1 wants it, and leaves out the claim.
"""

import hashlib
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pydyf

#: The claim, and its description: PDF/A allows no property that the file does not describe (ISO 19005-3, 6.6.2.3).
_CLAIM = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description></rdf:RDF>"""
_END = b"</rdf:RDF>"


class UnexpectedFile(RuntimeError):
    """The engine wrote something else than this module was written for."""


def finisher(attachments: list[dict[str, str]]) -> Callable[[Any, pydyf.PDF], None]:
    """Return the function that WeasyPrint calls before it writes the file; ``attachments`` as in the payload."""
    types = {
        hashlib.md5(b64decode(one["content"]), usedforsecurity=False).hexdigest(): one["media_type"]
        for one in attachments
    }

    def finish(document: Any, pdf: pydyf.PDF) -> None:
        _claim(pdf)
        _name_types(pdf, types)
        _scope_headers(pdf)
        _drop_doubles(pdf)

    return finish


def _referred(pdf: pydyf.PDF, reference: Any) -> Any:
    if isinstance(reference, bytes):
        reference = reference.decode()
    return pdf.objects[int(str(reference).split()[0])]


def _claim(pdf: pydyf.PDF) -> None:
    metadata = _referred(pdf, pdf.catalog["Metadata"])
    (packet,) = metadata.stream
    if packet.count(_END) != 1:
        raise UnexpectedFile("The metadata of the PDF have another form than is known.")
    metadata.stream = [packet.replace(_END, _CLAIM)]


def _name_types(pdf: pydyf.PDF, types: dict[str, str]) -> None:
    """Say the media type that was given, not one guessed from the name."""
    for one in pdf.objects:
        extra = getattr(one, "extra", None)
        if extra and extra.get("Type") == "/EmbeddedFile":
            if media_type := types.get(extra["Params"]["CheckSum"].strip("<>")):
                extra["Subtype"] = "/" + "".join(
                    char if char.isalnum() or char in ".-_" else f"#{ord(char):02x}" for char in media_type
                )


def _scope_headers(pdf: pydyf.PDF) -> None:
    """Say of each header cell what it heads: its column in a head, its row elsewhere."""
    for one in pdf.objects:
        if not isinstance(one, dict) or one.get("S") != "/TH":
            continue
        row = _referred(pdf, one["P"])
        group = _referred(pdf, row["P"])
        one["A"]["Scope"] = "/Column" if group.get("S") == "/THead" else "/Row"


def _drop_doubles(pdf: pydyf.PDF) -> None:
    """Name each attached file once in the catalogue; the engine names it twice."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(_text(one) for one in pdf.catalog["AF"]))


def _text(reference: Any) -> str:
    return reference.decode() if isinstance(reference, bytes) else str(reference)
