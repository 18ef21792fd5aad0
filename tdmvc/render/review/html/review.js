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
  const MOST_OPENED = 500;
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

  let hits = [];
  let hit = -1;
  const opened = new Set();

  function open(details) {
    if (details.open) return;
    details.open = true;
    opened.add(details);
  }

  function apply() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let isFiltered = words.length > 0;
    hits = [];
    hit = -1;
    let matches = 0;
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
          hits.push(row);
          perGrid.set(grid, perGrid.get(grid) + 1);
        }
      }
      const isNarrowed = wanted.length > 0 || isChosen;
      for (const [grid, n] of perGrid) {
        const label = grid.querySelector(".match");
        label.hidden = !isNarrowed;
        label.textContent = isNarrowed ? `${number(n)} ${n === 1 ? "match" : "matches"}` : "";
        const scroll = grid.querySelector(".scroll");
        show(scroll, !isNarrowed || n > 0);
      }
      const isShown = !words.length || found > 0 || wanted.length === 0;
      show(entry.card, isShown);
      if (entry.link) show(entry.link.parentElement, isShown);
      // A table without rows on the page is a match by its name.
      if (words.length && isShown && found === 0) hits.push(entry.card);
      matches += found;
    }
    root.classList.toggle("filtered", isFiltered);
    byId("~next").hidden = byId("~previous").hidden = !words.length || hits.length < 2;
    if (!words.length) {
      for (const details of opened) details.open = false;
      opened.clear();
      hits = [];
    } else if (hits.length <= MOST_OPENED) {
      for (const el of hits) for (let up = el; up; up = up.parentElement) if (up.tagName === "DETAILS") open(up);
    }
    tell(words.length > 0, isFiltered, matches);
  }

  function tell(hasWords, isFiltered, matches) {
    const tables = Object.values(data.tables);
    const shown = tables.reduce((sum, table) => sum + table.shown, 0);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const all = rows > shown ? `${number(shown)} shown (${number(rows)} in all)` : number(shown);
    let words = `${number(matches)} of ${all}`;
    if (hasWords) {
      const n = hits.length;
      const found = n === 0 ? "no match" : n === 1 ? "1 match" : hit < 0 ? `${number(n)} matches` : `match ${number(hit + 1)} of ${number(n)}`;
      words = `${found} in ${all}`;
    }
    count.textContent = isFiltered ? words : "";
  }

  // Matches are visited in a circle; the focus stays where it is.
  function visit(by) {
    if (!hits.length) return;
    hit = hit < 0 ? (by > 0 ? 0 : hits.length - 1) : (hit + by + hits.length) % hits.length;
    reveal(hits[hit], "center");
    tell(true, true, hits.length);
  }

  let waiting = 0;
  function filterNow() {
    clearTimeout(waiting);
    waiting = 0;
    apply();
    visit(1);
  }
  filter.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filterNow, 70);
  });
  byId("~next").addEventListener("click", () => visit(1));
  byId("~previous").addEventListener("click", () => visit(-1));

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
      const link = event.target.closest("a.at");
      if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        const row = link.closest("tr");
        go(row, "nearest");
        copyAddress(row.id);
        return;
      }
      if (event.target.closest("a, details.full")) return;
      const row = event.target.closest("tbody th")?.closest("tr[id]");
      if (row && !String(getSelection())) go(row, "nearest");
    });
  }

  let fading = 0;
  function say(words) {
    toast.textContent = words;
    toast.hidden = false;
    clearTimeout(fading);
    fading = setTimeout(() => (toast.hidden = true), 6000);
  }

  // Hosts end a link before punctuation, so what an address ends with is encoded.
  async function copyAddress(id) {
    const safe = id.replace(/[^A-Za-z0-9]+$/, (end) =>
      [...end].map((c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`).join(""),
    );
    const isFile = location.protocol === "file:";
    const page = isFile ? location.pathname.split("/").pop() : location.href.split("#")[0];
    const address = `${page}#${safe}`;
    say(address);
    try {
      await navigator.clipboard.writeText(address);
    } catch {
      getSelection().selectAllChildren(toast);
      document.execCommand("copy");
      getSelection().removeAllRanges();
    }
    say(isFile ? `Copied ${address}. This page is a file: its place on your disk is left out.` : `Copied ${address}`);
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
    // Anchors have no `%`; what is encoded was encoded for a comment, or by a chat program.
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      // Not an address of this page.
    }
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
      if (event.key === "Escape") {
        clear();
        filter.blur();
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (waiting) filterNow();
        else visit(event.shiftKey ? -1 : 1);
      }
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

  // On paper nothing can be opened; a long value is printed in full if it is open.
  const printed = new Set();
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open], .full, .full details)")) {
      details.open = true;
      printed.add(details);
    }
  });
  addEventListener("afterprint", () => {
    for (const details of printed) details.open = false;
    printed.clear();
  });

  addEventListener("hashchange", follow);
  follow();
})();
