"use strict";
(() => {
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((place, part) => (all.set(part, place), place + part.length), 0);
    return all;
  };
  const open = async (sealed, word) => {
    const [header, wrapped, nonce, text, tag] = sealed.split(".");
    const utf8 = new TextEncoder();
    const { alg, p2s, p2c } = JSON.parse(new TextDecoder().decode(bytes(header)));
    const salt = join(utf8.encode(alg), new Uint8Array(1), bytes(p2s));
    const typed = await crypto.subtle.importKey("raw", utf8.encode(word), "PBKDF2", false, ["deriveKey"]);
    const hashed = { name: "PBKDF2", hash: "SHA-512", salt, iterations: p2c };
    const wrapping = await crypto.subtle.deriveKey(hashed, typed, { name: "AES-KW", length: 256 }, false, ["unwrapKey"]);
    const key = await crypto.subtle.unwrapKey("raw", bytes(wrapped), wrapping, "AES-KW", "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: bytes(nonce), additionalData: utf8.encode(header) };
    const plain = await crypto.subtle.decrypt(how, key, join(bytes(text), bytes(tag)));
    return JSON.parse(new TextDecoder().decode(plain)).html;
  };
  const at = (id) => document.getElementById(id);
  at("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const word = at("word").value.toUpperCase().replace(/[\s-]/g, "");
    at("wrong").hidden = true;
    at("waits").hidden = false;
    try {
      at("paper").srcdoc = await open(at("package").textContent.trim(), word);
      at("paper").hidden = false;
      at("ask").hidden = true;
      at("paper").focus();
    } catch {
      at("wrong").hidden = false;
      at("word").focus();
    }
    at("waits").hidden = true;
  });
})();
