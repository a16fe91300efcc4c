"""Paste a picture: Ctrl+V anywhere on the page, or a button, hands the clipboard's picture to a file uploader.

Streamlit's uploader takes files that are chosen and dropped, but none that are pasted. The picture is put into the
uploader's own input, so that it travels, is limited and is taken away again as any other upload.
"""

from __future__ import annotations

import streamlit as st

HTML = '<button type="button" class="paste">Paste a picture</button><span class="said" role="status"></span>'

CSS = """
:host, div { font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color); }
.paste {
  font: inherit; color: inherit; cursor: pointer; padding: 0.4rem 0.8rem; min-height: 2.5rem;
  background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius);
}
.paste:hover, .paste:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
.said { margin-left: 0.75rem; }
"""

JS = """
export default function ({ parentElement, data }) {
  const said = parentElement.querySelector(".said")
  const hand = (blob) => {
    const input = document.querySelector(data.uploader + " input[type=file]")
    if (!input) return
    const files = new DataTransfer()
    const kind = blob.type.split("/")[1].split("+")[0]
    files.items.add(new File([blob], "pasted." + kind, { type: blob.type }))
    input.files = files.files
    input.dispatchEvent(new Event("change", { bubbles: true }))
    said.textContent = ""
  }
  const pasted = (event) => {
    const found = [...(event.clipboardData?.files ?? [])].find((file) => file.type.startsWith("image/"))
    if (found) {
      event.preventDefault()
      hand(found)
    } else if (!event.target.closest?.("input, textarea")) {
      said.textContent = "The clipboard holds no picture."
    }
  }
  const ask = async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const kind = item.types.find((type) => type.startsWith("image/"))
        if (kind) return hand(await item.getType(kind))
      }
      said.textContent = "The clipboard holds no picture."
    } catch {
      said.textContent = "This browser keeps the clipboard from buttons: press Ctrl+V instead."
    }
  }
  document.removeEventListener("paste", window.__pastedPicture)
  window.__pastedPicture = pasted
  document.addEventListener("paste", pasted)
  parentElement.querySelector(".paste").onclick = ask
  return () => document.removeEventListener("paste", pasted)
}
"""

_mount = st.components.v2.component("picture_paste", html=HTML, css=CSS, js=JS)


def draw(uploader: str) -> None:
    """The button, and the listening; `uploader` is the key of the file uploader that gets the picture."""
    _mount(key=f"{uploader}_paste", data={"uploader": f".st-key-{uploader}"})
