// What saves clicks. The page works without it: every list, filter and action is a link or a form.
(() => {
  "use strict";
  const { copy, copied } = document.currentScript.dataset;
  const all = (selector, root = document) => root.querySelectorAll(selector);

  // Filters apply when they are changed; text after a pause.
  for (const form of all("form[data-autosubmit]")) {
    const buttons = all("[data-without-script]", form);
    for (const button of buttons) button.hidden = true;
    form.addEventListener("change", (event) => event.target.type !== "search" && form.requestSubmit());
    // Empty fields would only make the link longer.
    form.addEventListener("submit", () => {
      for (const input of all("input", form)) if (!input.value) input.disabled = true;
    });
    // The cross in a search field.
    form.addEventListener("search", () => form.requestSubmit());
  }

  // A menu closes by a click elsewhere and by Escape, which returns the focus.
  const openMenus = () => all("details.ccx-menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Commands and blocks of code can be copied.
  if (navigator.clipboard) {
    for (const code of all("code.ccx-command, pre.ccx-code")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "ccx-copy";
      button.textContent = copy;
      button.setAttribute("aria-label", `${copy}: ${code.textContent.trim().slice(0, 80)}`);
      const text = code.textContent.trim();
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(text);
        button.textContent = copied;
        setTimeout(() => (button.textContent = copy), 2000);
      });
      if (code.tagName === "PRE") {
        const box = document.createElement("div");
        box.className = "ccx-copyable";
        code.replaceWith(box);
        box.append(code, button);
      } else {
        code.after(button);
      }
    }
  }

  // All recommendations at once.
  const hits = all("details.ccx-hit");
  for (const button of all("[data-expand]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = [...hits].some((hit) => !hit.open);
      for (const hit of hits) hit.open = open;
      button.textContent = open ? button.dataset.collapse : button.dataset.expand;
    });
  }

  // Archives are dropped anywhere onto the page. The server's answer is the list with their progress.
  const upload = document.querySelector("form[data-upload]");
  if (upload) {
    const input = upload.querySelector("input[type=file]");
    const [bar, status] = [upload.querySelector("progress"), upload.querySelector("[role=status]")];
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    const send = () => {
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", ({ loaded, total }) => (bar.value = (100 * loaded) / total));
      request.addEventListener("load", () => (request.status < 400 ? (location.href = request.responseURL) : fail()));
      request.addEventListener("error", fail);
      request.open("POST", upload.action);
      request.send(new FormData(upload));
      bar.hidden = false;
      status.textContent = [...input.files].map((file) => file.name).join(", ");
    };
    const fail = () => {
      bar.hidden = true;
      status.textContent = upload.dataset.upload;
    };
    upload.querySelector("button").hidden = true;
    input.addEventListener("change", () => input.files.length && send());
    upload.addEventListener("submit", (event) => (event.preventDefault(), send()));
    document.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      upload.classList.add("ccx-m-over");
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget || upload.classList.remove("ccx-m-over"));
    document.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      upload.classList.remove("ccx-m-over");
      input.files = event.dataTransfer.files;
      if (input.files.length) send();
    });
  }

  // A list that changes by itself is replaced until it is complete.
  const poll = async () => {
    const list = document.querySelector("[data-poll]");
    if (!list) return;
    const answer = await fetch(location.href).catch(() => null);
    const next = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(list.id);
    if (next && next.innerHTML !== list.innerHTML) list.replaceChildren(...next.childNodes);
    if (next && !next.dataset.poll) delete list.dataset.poll;
    setTimeout(poll, 1000);
  };
  if (document.querySelector("[data-poll]")) setTimeout(poll, 1000);

  // A page that waits for something.
  const { refresh } = document.body.dataset;
  if (refresh) setTimeout(() => location.reload(), 1000 * refresh);

  // Print shows everything.
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...all("details.ccx-hit, details.ccx-changes")].filter((details) => !details.open);
    for (const hit of closed) hit.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const hit of closed) hit.open = false;
  });
})();
