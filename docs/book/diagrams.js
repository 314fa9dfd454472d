// Draws the diagrams with mermaid, which `just book` copies beside the pages. Without it they stay text.
const mermaidScript = document.createElement("script");
mermaidScript.src = `${path_to_root}mermaid.min.js`;
mermaidScript.onload = () => {
    for (const code of document.querySelectorAll("code.language-mermaid")) {
        const diagram = document.createElement("pre");
        diagram.className = "mermaid";
        diagram.textContent = code.textContent;
        code.parentElement.replaceWith(diagram);
    }
    const isDark = /coal|navy|ayu/.test(document.documentElement.className);
    mermaid.initialize({ startOnLoad: false, theme: isDark ? "dark" : "default" });
    mermaid.run();
};
document.head.append(mermaidScript);
