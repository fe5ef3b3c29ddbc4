// For the page in the frame: tells the page around it how high it is. That is no secret, so anybody may hear it.
"use strict";

function tellHeight() {
  const { height } = document.documentElement.getBoundingClientRect();
  parent.postMessage({ feedbackHeight: Math.ceil(height) }, "*");
}

new ResizeObserver(tellHeight).observe(document.documentElement);
addEventListener("message", (event) => event.data === "feedbackHeight?" && tellHeight());
