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

  // A file goes as it is, with how far that has come; what the server says to it is shown here.
  function addUploads(root) {
    for (const form of root.querySelectorAll("form[data-upload][hidden]")) {
      form.hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        send(form);
      });
    }
  }

  function send(form) {
    const [input, bar] = [form.querySelector("[type=file]"), form.querySelector("progress")];
    const [told, problem] = [form.querySelector("[role=status]"), form.querySelector("[role=alert]")];
    const button = form.querySelector("[type=submit]");
    const file = input.files[0];
    const refuse = (text) => {
      problem.textContent = text;
      [problem.hidden, bar.hidden, button.disabled, told.textContent] = [false, true, false, ""];
      input.setAttribute("aria-invalid", "true");
    };
    const most = Number(form.dataset.bytesMax);
    if (!file || file.size > most) {
      refuse(file ? `The file is longer than ${most / 1024 / 1024} MiB: send it in parts.` : "Choose a file first.");
      return;
    }
    input.removeAttribute("aria-invalid");
    [problem.hidden, bar.hidden, button.disabled] = [true, false, true];
    told.textContent = "The file is sent…";
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      [bar.max, bar.value] = [event.total || 1, event.loaded];
    });
    request.upload.addEventListener("load", () => {
      told.textContent = "The file has arrived, and is tried now…";
    });
    request.addEventListener("error", () => refuse("The server could not be reached, or hung up. Try it again."));
    request.addEventListener("load", () => {
      if (request.status === 201) {
        location.assign(request.getResponseHeader("location"));
      } else if (request.responseURL.includes("/console/sign-in")) {
        location.assign(request.responseURL);
      } else {
        const page = new DOMParser().parseFromString(request.responseText, "text/html");
        const said = [...page.querySelectorAll("main p")].slice(0, 1).map((part) => part.textContent);
        refuse(said.join(" ") || "That did not work. Try it again.");
      }
    });
    request.open("POST", `${form.getAttribute("action")}?file_name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("x-form-key", form.elements.form_key.value);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.send(file);
  }

  // What is shown once can be copied at once; without this it can be selected.
  function addCopies(root) {
    for (const button of root.querySelectorAll("button[data-copy][hidden]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        const shown = document.getElementById(button.dataset.copy);
        const told = document.getElementById(button.getAttribute("aria-describedby"));
        try {
          await navigator.clipboard.writeText(shown.textContent);
          told.textContent = "Copied.";
        } catch {
          getSelection().selectAllChildren(shown);
          told.textContent = "It is selected: copy it with your keyboard.";
        }
      });
    }
  }

  function show(root) {
    showTimes(root);
    addFilters(root);
    addUploads(root);
    addCopies(root);
  }

  document.addEventListener("DOMContentLoaded", () => show(document));
  document.addEventListener("htmx:load", (event) => show(event.detail.elt));
})();
