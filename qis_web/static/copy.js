// Copy buttons: each copies the address of the link before it.
const toast = document.getElementById("toast");
let clearing = 0;

function tell(text) {
  toast.textContent = text;
  toast.classList.add("shown");
  clearTimeout(clearing);
  clearing = setTimeout(() => {
    toast.classList.remove("shown");
    toast.textContent = "";
  }, 2500);
}

// The clipboard API exists on https and localhost only; elsewhere an old command does it.
function copyByCommand(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "away";
  area.setAttribute("readonly", "");
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByCommand(text);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const address = button.parentElement.querySelector("a").href;
  const copied = await copy(address);
  button.focus();
  tell(copied ? "URL copied" : `Copy it by hand: ${address}`);
  if (copied) {
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
  }
});
