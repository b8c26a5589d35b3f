// Passkeys: what only a browser can do. The pages say what to do without; the buttons show once there is support.
"use strict";

(() => {
  const webauthn = window.webauthnJSON;
  if (!webauthn || !webauthn.supported()) return;

  function complain(form, error) {
    const place = form.querySelector("[data-passkey-problem]");
    if (!place) return;
    place.textContent = error.name === "NotAllowedError"
      ? "The passkey was not used: it was cancelled, or took too long. Try again."
      : `The passkey could not be used: ${error.message || error}`;
    place.hidden = false;
  }

  // The question is in the page (data block), or fetched when the person asks for it.
  async function question(button, form) {
    const inPage = document.getElementById("js_data");
    if (inPage) return JSON.parse(inPage.textContent);
    const method = button.dataset.passkeyMethod || "POST";
    const headers = { Accept: "application/json" };
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    if (token) headers["X-CSRFToken"] = token.value;
    const answer = await fetch(button.dataset.passkeyAsk, { method, headers });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const found = await answer.json();
    return found.request_options ? found : { request_options: found };
  }

  async function create(options, form) {
    const wanted = JSON.parse(JSON.stringify(options));
    const passwordless = form.querySelector("[name=passwordless]");
    const selection = wanted.publicKey.authenticatorSelection;
    if (passwordless) {
      selection.residentKey = passwordless.checked ? "required" : "discouraged";
      selection.requireResidentKey = passwordless.checked;
      if (passwordless.checked) selection.userVerification = "required";
    }
    return webauthn.create(wanted);
  }

  for (const button of document.querySelectorAll("[data-passkey-ask]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const form = button.form || document.getElementById(button.getAttribute("form"));
      const credential = form.querySelector("[name=passkey], [name=credential]");
      if (!form.reportValidity()) return;
      try {
        const asked = await question(button, form);
        const answer = asked.creation_options
          ? await create(asked.creation_options, form)
          : await webauthn.get(asked.request_options);
        credential.value = JSON.stringify(answer);
        form.submit();
      } catch (error) {
        complain(form, error);
      }
    });
  }
})();
