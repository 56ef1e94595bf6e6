// What pages gain when scripts run: times in the reader's zone, and long lists of choices that can be
// searched. Everything reads without it.
"use strict";

(() => {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

  function showTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      // A day alone is the same in every zone.
      if (time.dateTime.length > 10 && !Number.isNaN(moment.getTime())) {
        time.textContent = local.format(moment);
      }
    }
  }

  function addFilters(root) {
    for (const list of root.querySelectorAll("[data-filter]")) {
      if (list.querySelector("input[type=search]") || list.children.length < 12) {
        continue;
      }
      const label = document.createElement("label");
      label.textContent = list.dataset.filter;
      const input = document.createElement("input");
      input.type = "search";
      input.addEventListener("input", () => {
        const wanted = input.value.toLowerCase();
        for (const choice of list.querySelectorAll(":scope > div")) {
          choice.hidden = !choice.textContent.toLowerCase().includes(wanted);
        }
      });
      label.append(input);
      list.querySelector("legend").after(label);
    }
  }

  function show(root) {
    showTimes(root);
    addFilters(root);
  }

  document.addEventListener("DOMContentLoaded", () => show(document));
  document.addEventListener("htmx:load", (event) => show(event.detail.elt));
})();
