"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("~data").textContent);
  const filter = byId("~filter");
  const count = byId("~count");
  const help = byId("~help");
  const toast = byId("~toast");
  const number = (n) => n.toLocaleString("en-US");
  const cards = [...document.querySelectorAll("details.table")].map((card) => ({
    card,
    name: card.querySelector("h3").textContent.toLowerCase(),
    link: document.querySelector(`nav a[href="#${CSS.escape(card.id)}"]`),
    grids: [...card.querySelectorAll(".grid")],
    rows: null,
    pattern: null,
  }));
  const stops = [...document.querySelectorAll("tr[id], details.table")].filter(
    (el) => el.tagName === "TR" || !el.querySelector("tr[id]"),
  );
  let here = null;

  // The text of rows is read once, when it is first needed.
  const rowsOf = (entry) => {
    entry.rows ??= [...entry.card.querySelectorAll("tr[id]")].map((row) => ({
      row,
      text: row.textContent.toLowerCase(),
      grid: row.closest(".grid"),
    }));
    return entry.rows;
  };

  const show = (el, isShown) => {
    if (el && el.hidden === isShown) el.hidden = !isShown;
  };

  function apply() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let matches = 0;
    let isFiltered = words.length > 0;
    for (const entry of cards) {
      const wanted = words.filter((word) => !entry.name.includes(word));
      const isChosen = entry.pattern !== null;
      isFiltered ||= isChosen;
      const perGrid = new Map(entry.grids.map((grid) => [grid, 0]));
      let found = 0;
      for (const { row, text, grid } of rowsOf(entry)) {
        const fits =
          wanted.every((word) => text.includes(word)) &&
          (!isChosen || row.querySelector(`[data-p="${entry.pattern}"]`) !== null);
        show(row, fits);
        if (fits) {
          found += 1;
          perGrid.set(grid, perGrid.get(grid) + 1);
        }
      }
      const isNarrowed = wanted.length > 0 || isChosen;
      for (const [grid, n] of perGrid) {
        const label = grid.querySelector(".match");
        label.hidden = !isNarrowed;
        label.textContent = isNarrowed ? `${number(n)} match` : "";
        const scroll = grid.querySelector(".scroll");
        show(scroll, !isNarrowed || n > 0);
      }
      const isShown = !words.length || found > 0 || wanted.length === 0;
      show(entry.card, isShown);
      if (entry.link) show(entry.link.parentElement, isShown);
      matches += found;
    }
    const tables = Object.values(data.tables);
    const shown = tables.reduce((sum, table) => sum + table.shown, 0);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const all = rows > shown ? `${number(shown)} shown (${number(rows)} in all)` : number(shown);
    count.textContent = isFiltered ? `${number(matches)} of ${all}` : "";
    root.classList.toggle("filtered", isFiltered);
  }

  let waiting = 0;
  filter.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 70);
  });

  function clear() {
    filter.value = "";
    for (const entry of cards) choose(entry, null);
    apply();
  }

  function choose(entry, pattern) {
    entry.pattern = pattern;
    for (const chip of entry.card.querySelectorAll("button.chip")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.p === pattern));
    }
    for (const cell of entry.card.querySelectorAll("td.hit")) cell.classList.remove("hit");
    if (pattern !== null) {
      for (const cell of entry.card.querySelectorAll(`td[data-p="${pattern}"]`)) cell.classList.add("hit");
    }
  }

  for (const entry of cards) {
    entry.card.addEventListener("click", (event) => {
      const chip = event.target.closest("button.chip");
      if (chip) {
        choose(entry, entry.pattern === chip.dataset.p ? null : chip.dataset.p);
        apply();
      }
      const key = event.target.closest("tbody th");
      const row = key?.closest("tr[id]");
      if (row && !String(getSelection())) go(row, "nearest");
    });
  }

  function say(words) {
    toast.textContent = words;
    toast.hidden = false;
    setTimeout(() => (toast.hidden = true), 6000);
  }

  function mark(el) {
    here?.classList.remove("here");
    here = el;
    el.classList.add("here");
  }

  function reveal(el, block) {
    for (let up = el; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    if (el.closest("[hidden]")) clear();
    mark(el);
    el.scrollIntoView({ block: el.tagName === "TR" ? block : "start" });
  }

  function go(el, block) {
    reveal(el, block);
    try {
      history.replaceState(null, "", `#${el.id}`);
    } catch {
      location.hash = el.id;
    }
  }

  function follow() {
    // Anchors are plain ASCII; nothing in them needs decoding but what a chat program encoded.
    const id = location.hash.slice(1).replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%7E", "~");
    if (!id) return;
    const target = byId(id);
    if (target) {
      if (target !== here) reveal(target, "center");
      return;
    }
    const table = byId(id.split("/").slice(0, 2).join("/")) ?? byId(id.split("/")[0]);
    if (table) reveal(table, "start");
    say("That row is not on this page: it did not change, or the page shows only some rows.");
  }

  const isReachable = (el) => {
    for (let up = el; up; up = up.parentElement) {
      if (up.hidden || (up.tagName === "DETAILS" && !up.open && up !== el)) return false;
    }
    return true;
  };

  function step(list, by) {
    let at = list.indexOf(here);
    if (at < 0) {
      const from = here ?? null;
      at = by > 0 ? -1 : list.length;
      if (from) {
        const after = list.findIndex((el) => from.compareDocumentPosition(el) & Node.DOCUMENT_POSITION_FOLLOWING);
        if (after >= 0) at = by > 0 ? after - 1 : after;
      }
    }
    for (let next = at + by; next >= 0 && next < list.length; next += by) {
      if (isReachable(list[next])) return go(list[next], "center");
    }
  }

  const tables = cards.map((entry) => entry.card);
  const keys = {
    j: () => step(stops, 1),
    k: () => step(stops, -1),
    n: () => step(tables, 1),
    p: () => step(tables, -1),
    "/": () => filter.select(),
    "?": () => (help.open ? help.close() : help.showModal()),
    Escape: clear,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target === filter) {
      if (event.key === "Escape") clear();
      if (event.key === "Escape" || event.key === "Enter") filter.blur();
      return;
    }
    if (help.open && event.key !== "?") return;
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  byId("~ask").addEventListener("click", () => help.showModal());

  async function copy(block, button) {
    const words = block.querySelector("code");
    try {
      await navigator.clipboard.writeText(words.textContent);
    } catch {
      getSelection().selectAllChildren(words);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }
  for (const block of document.querySelectorAll(".cmd")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", () => copy(block, button));
    block.append(button);
  }

  // If a key has several columns, each stays next to the one before it.
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      let left = 0;
      const heads = target.tHead.rows[0].cells;
      for (let place = 0; place < Number(target.dataset.k) && place < 4; place += 1) {
        target.style.setProperty(`--k${place + 1}`, `${left}px`);
        left += heads[place].getBoundingClientRect().width;
      }
    }
  });
  for (const table of document.querySelectorAll("table[data-k]")) {
    if (Number(table.dataset.k) > 1) observer.observe(table);
  }

  addEventListener("hashchange", follow);
  follow();
})();
