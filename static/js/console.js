// Swagger UI over the document of this server; nothing is fetched from elsewhere.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("console");
  const own = new URL(place.dataset.schema, location.href).origin;
  SwaggerUIBundle({
    url: place.dataset.schema,
    domNode: place,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (new URL(request.url, location.href).origin === own) {
        request.headers["X-CSRFToken"] = place.dataset.csrf;
      }
      return request;
    },
  });
});
