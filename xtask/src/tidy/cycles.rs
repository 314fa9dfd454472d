//! Files of a crate that use each other in a circle are one file in disguise.
//!
//! A file may use its parent and its children: a folder is one thing. An import is followed through
//! re-exports to the file that has the item. Paths inside macro calls are not seen.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree};

use super::{Source, sources};

/// A request holds the client that builds it.
const ALLOWED: [&str; 2] =
    ["crates/http-client/src/client.rs", "crates/http-client/src/request.rs"];

/// A module, by its path from the root of the crate.
type Path = Vec<String>;

/// What one module declares and uses.
#[derive(Debug, Default)]
struct Module {
    file: String,
    /// What a `use` brings in, by its name here.
    imports: BTreeMap<String, Path>,
    /// Paths as they are written, from this module on.
    uses: Vec<Path>,
}

/// The modules of a crate.
#[derive(Default)]
struct Modules(BTreeMap<Path, Module>);

impl Modules {
    fn read(sources: &[&Source]) -> Self {
        let mut modules = Self::default();
        for source in sources {
            let (_, inside) = source.path.split_once("/src/").unwrap();
            let path = module_path(inside);
            let file = source.path.clone();
            let mut reader = Reader { file, path, modules: &mut modules };
            reader.read(&syn::parse_file(&source.text).unwrap().items);
        }
        modules
    }

    /// The module that has what a path names.
    fn resolve(&self, path: &[String]) -> Option<&Module> {
        let mut at = Path::new();
        for (index, segment) in path.iter().enumerate() {
            let child = [at.as_slice(), std::slice::from_ref(segment)].concat();
            if self.0.contains_key(&child) {
                at = child;
            } else if let Some(imported) =
                // `use url;` names another crate.
                self
                    .0
                    .get(&at)?
                    .imports
                    .get(segment)
                    .filter(|it| !it.starts_with(&child))
            {
                return self.resolve(&[imported.as_slice(), &path[index + 1..]].concat());
            } else {
                break;
            }
        }
        self.0.get(&at)
    }

    /// Which files each file uses, without its ancestors and its descendants.
    fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for module in self.0.values() {
            let used = module.uses.iter().filter_map(|path| self.resolve(path));
            let files = used.map(|used| used.file.as_str());
            let others = files.filter(|file| !are_related(file, &module.file));
            edges.entry(&module.file).or_default().extend(others);
        }
        edges
    }

    /// Files each of which reaches all others of its circle.
    fn cycles(&self) -> BTreeSet<Vec<String>> {
        let edges = self.edges();
        let reached: BTreeMap<_, _> =
            edges.keys().map(|file| (*file, reach(file, &edges))).collect();
        let cycle = |file: &str| -> Vec<String> {
            let mutual = reached[file].iter().filter(|other| reached[**other].contains(file));
            mutual.map(|other| (*other).to_owned()).collect()
        };
        edges.keys().map(|file| cycle(file)).filter(|cycle| !cycle.is_empty()).collect()
    }
}

/// `a::b` for `a/b.rs` and `a/b/mod.rs`; empty for the root.
fn module_path(file: &str) -> Path {
    let path = file.trim_end_matches(".rs").split('/').map(str::to_owned);
    let mut path: Path = path.collect();
    if ["lib", "main", "mod"].contains(&path.last().unwrap().as_str()) {
        path.pop();
    }
    path
}

fn are_related(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|file| module_path(file.split_once("/src/").unwrap().1));
    one.starts_with(&other) || other.starts_with(&one)
}

fn reach<'a>(from: &'a str, edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        open.extend(edges[file].iter().filter(|next| reached.insert(**next)));
    }
    reached
}

/// Reads a file, module by module.
struct Reader<'a> {
    file: String,
    path: Path,
    modules: &'a mut Modules,
}

impl Reader<'_> {
    fn read(&mut self, items: &[Item]) {
        self.module().file = self.file.clone();
        items.iter().for_each(|item| self.visit_item(item));
    }

    fn module(&mut self) -> &mut Module {
        self.modules.0.entry(self.path.clone()).or_default()
    }

    /// A path of the source from the root on.
    fn absolute(&self, segments: &[String]) -> Path {
        let mut at = self.path.clone();
        let mut rest = segments;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = others;
        }
        [at.as_slice(), rest].concat()
    }

    fn import(&mut self, before: &Path, tree: &UseTree) {
        let then = |name: &syn::Ident| [before.as_slice(), &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&then(&path.ident), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(before, tree)),
            UseTree::Name(name) if name.ident == "self" => {
                self.add(before, before.last().cloned().unwrap_or_default());
            }
            UseTree::Name(name) => self.add(&then(&name.ident), name.ident.to_string()),
            UseTree::Rename(name) => self.add(&then(&name.ident), name.rename.to_string()),
            UseTree::Glob(_) => self.add(before, "*".to_owned()),
        }
    }

    fn add(&mut self, path: &Path, name: String) {
        let path = self.absolute(path);
        self.module().uses.push(path.clone());
        self.module().imports.insert(name, path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if let Some((_, items)) = &module.content {
            self.path.push(module.ident.to_string());
            self.read(items);
            self.path.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&Path::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Path = path.segments.iter().map(|it| it.ident.to_string()).collect();
        let path_from_root = self.absolute(&segments);
        self.module().uses.push(path_from_root);
        visit::visit_path(self, path);
    }
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
}

fn is(source: &Source, root: &str) -> bool {
    source.path.ends_with(&format!("/src/{root}"))
}

/// The circles of every crate.
fn all_cycles(sources: &[Source]) -> BTreeSet<Vec<String>> {
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.path.ends_with("tests.rs")) {
        if let Some((name, _)) = source.path.split_once("/src/") {
            crates.entry(name).or_default().push(source);
        }
    }
    for sources in crates.values_mut().filter(|it| it.iter().any(|file| is(file, "lib.rs"))) {
        // The program of a library is a crate of its own.
        sources.retain(|file| !is(file, "main.rs"));
    }
    crates.values().flat_map(|sources| Modules::read(sources).cycles()).collect()
}

#[test]
fn files_have_no_import_cycle() {
    let mut cycles = all_cycles(&sources());
    cycles.retain(|cycle| cycle != &ALLOWED);
    assert!(cycles.is_empty(), "{cycles:#?}");
}

#[test]
fn cycle_is_detected_through_re_exports_and_parent_can_use_child() {
    let cycles = |files: &[(&str, &str)]| {
        let source = |(path, text): &(&str, &str)| super::file(path, text);
        all_cycles(&files.iter().map(source).collect::<Vec<_>>())
    };
    let root = ("crates/x/src/lib.rs", "mod a; mod b; pub use b::B;");
    let a = ("crates/x/src/a.rs", "use crate::B; pub fn a() {}");
    let b = ("crates/x/src/b/mod.rs", "mod c; pub struct B; fn b() { crate::a::a() }");
    let c = ("crates/x/src/b/c.rs", "use super::B; use crate::a;");
    assert_eq!(cycles(&[root, a, b, c]).into_iter().flatten().collect::<Vec<_>>(), [a.0, b.0]);
    let tests = ("crates/x/src/b/mod.rs", "mod c; #[cfg(test)] mod t { use crate::a; }");
    assert!(cycles(&[root, a, tests, c]).is_empty());
}
