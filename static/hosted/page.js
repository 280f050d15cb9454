"use strict";
// Comfort only: every page works without it.
(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  each("[data-reveal]", (button) => {
    const input = document.getElementById(button.dataset.reveal);
    if (!input) return;
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      show(input.type === "password");
      input.focus();
    });
    input.form?.addEventListener("submit", () => show(false));
  });
  each("[data-copy]", (button) => {
    const source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = button.dataset.copied;
    });
  });
  each("form[method=post]", (form) => {
    const buttons = form.querySelectorAll("[type=submit]");
    const release = () => {
      delete form.dataset.sent;
      buttons.forEach((button) => button.removeAttribute("aria-disabled"));
    };
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "1";
      buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
      setTimeout(release, 8000);
    });
    addEventListener("pageshow", release);
  });
  // What the server will check; it decides.
  const holds = {
    lower: (text) => /[a-z]/.test(text),
    upper: (text) => /[A-Z]/.test(text),
    number: (text) => /[0-9]/.test(text),
    symbol: (text) => /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/.test(text.trim()),
    length: (text, least) => [...text].length >= Number(least),
    trimmed: (text) => text === text.trim(),
  };
  each("[data-checks]", (list) => {
    const input = document.getElementById(list.dataset.checks);
    if (!input) return;
    const states = new Map([...list.children].map((item) => [item, document.createElement("span")]));
    states.forEach((state, item) => {
      state.className = "unseen";
      item.append(state);
    });
    const look = () =>
      states.forEach((state, item) => {
        const held = holds[item.dataset.check](input.value, item.dataset.least);
        item.className = input.value ? `passwordCheck-${held ? "valid" : "notValid"}-customizable` : "";
        state.textContent = input.value ? ` (${list.dataset[held ? "met" : "missing"]})` : "";
      });
    input.addEventListener("input", look);
    look();
  });
  each(".language", (menu) => {
    const close = () => menu.removeAttribute("open");
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      close();
      menu.querySelector("summary").focus();
    });
    document.addEventListener("click", (event) => menu.contains(event.target) || close());
  });
})();
