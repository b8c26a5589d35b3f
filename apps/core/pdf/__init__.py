"""PDFs: HTML in, one tagged file out that is PDF/A-3a and PDF/UA-1, the same bytes for the same document.

``documents`` says what a PDF is made of, ``making`` makes one from a worker, ``rendering`` is what runs in the child
that fetches nothing, and ``signing`` puts the organisation's signature on what came out. How to write the HTML, and
which classes ``base.css`` knows: docs/pdf.md.
"""
