type Child = Node | string | undefined | false;
type Properties<T> = { [K in keyof T]?: T[K] };

/** Makes an element. Text goes in as text, so that no string ever becomes markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties<HTMLElementTagNameMap[K]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child): child is Node | string => !!child));
  return made;
}

/** A button that does one thing. */
export function button(label: string, action: () => void, className = ""): HTMLButtonElement {
  const made = element("button", { type: "button", className }, label);
  made.addEventListener("click", action);
  return made;
}
