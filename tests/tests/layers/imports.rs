//! The graph of imports between the files of a crate.
//!
//! A path counts as an import of the file that declares its item; re-exports are followed. `#[cfg(test)]` is skipped.

mod source;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Collector, attributes, child_file, declared, is_test};
use syn::Item;
use syn::visit::Visit;

/// Index of a module or of a file.
type Index = usize;

#[derive(Default)]
struct Module {
    file: Index,
    parent: Option<Index>,
    children: BTreeMap<String, Index>,
    /// Names of the items that the module declares.
    items: BTreeSet<String>,
    /// Imported names with their paths.
    uses: Vec<(String, Vec<String>)>,
    globs: Vec<Vec<String>>,
    /// Paths in the code of the module, imports included.
    paths: BTreeSet<Vec<String>>,
}

struct File {
    path: PathBuf,
    /// The path of the module that the file contains, from the crate's root.
    module: Vec<String>,
}

#[derive(Clone, Copy)]
enum Target {
    Module(Index),
    Item(Index),
}

/// The files of one crate with the imports between them.
pub(crate) struct Crate {
    files: Vec<File>,
    modules: Vec<Module>,
}

/// Files that import each other, directly or through others.
#[derive(Debug)]
pub(crate) struct Circle {
    pub(crate) files: Vec<PathBuf>,
    /// The shortest chain of imports that ends where it begins.
    pub(crate) example: String,
    /// Every import between the files.
    pub(crate) imports: String,
}

impl Crate {
    /// Reads the crate of this root file, such as `src/lib.rs`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut found = Self { files: Vec::new(), modules: Vec::new() };
        let folder = root.parent().unwrap();
        found.file(root, folder, Vec::new(), None);
        found
    }

    fn file(
        &mut self,
        path: &Path,
        folder: &Path,
        module: Vec<String>,
        parent: Option<Index>,
    ) -> Index {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self.files.push(File { path: path.to_owned(), module: module.clone() });
        let file = self.files.len() - 1;
        self.module(&syntax.items, file, folder, &module, parent)
    }

    /// Adds a module; the files of its child modules are in `folder`.
    fn module(
        &mut self,
        items: &[Item],
        file: Index,
        folder: &Path,
        path: &[String],
        parent: Option<Index>,
    ) -> Index {
        let index = self.modules.len();
        self.modules.push(Module { file, parent, ..Module::default() });
        let mut collector = Collector::default();
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            if let Some(name) = declared(item) {
                collector.items.insert(name);
            }
            collector.visit_item(item);
            if let Item::Macro(item) = item
                && item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"))
                && let Some(name) = &item.ident
                && index != 0
            {
                self.modules[0].uses.push((name.to_string(), crate_path(path, name)));
            }
        }
        for child in std::mem::take(&mut collector.children) {
            let name = child.ident.to_string();
            let below: Vec<String> = path.iter().cloned().chain([name.clone()]).collect();
            let added = match &child.content {
                Some((_, items)) => {
                    self.module(items, file, &folder.join(&name), &below, Some(index))
                }
                None => {
                    let (path, folder) = child_file(&child, &self.files[file].path, folder);
                    self.file(&path, &folder, below, Some(index))
                }
            };
            self.modules[index].children.insert(name, added);
        }
        let module = &mut self.modules[index];
        module.items = collector.items;
        module.uses.append(&mut collector.uses);
        module.globs = collector.globs;
        module.paths = collector.paths;
        index
    }

    fn resolve(
        &self,
        from: Index,
        path: &[String],
        seen: &mut BTreeSet<(Index, String)>,
    ) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else { return vec![Target::Module(from)] };
        let mut targets = match first.as_str() {
            "crate" => vec![Target::Module(0)],
            "self" => vec![Target::Module(from)],
            "super" => self.modules[from].parent.map(Target::Module).into_iter().collect(),
            name => self.lookup(from, name, seen),
        };
        for name in rest {
            targets = targets
                .into_iter()
                .flat_map(|target| match target {
                    Target::Item(_) => vec![target],
                    Target::Module(module) if name == "self" => vec![Target::Module(module)],
                    Target::Module(module) if name == "super" => {
                        self.modules[module].parent.map(Target::Module).into_iter().collect()
                    }
                    Target::Module(module) => {
                        let found = self.lookup(module, name, seen);
                        // An item that a macro declares.
                        if found.is_empty() { vec![Target::Item(module)] } else { found }
                    }
                })
                .collect();
        }
        targets
    }

    fn lookup(
        &self,
        module: Index,
        name: &str,
        seen: &mut BTreeSet<(Index, String)>,
    ) -> Vec<Target> {
        if !seen.insert((module, name.to_owned())) {
            return Vec::new();
        }
        let this = &self.modules[module];
        let mut found = Vec::new();
        found.extend(this.children.get(name).map(|child| Target::Module(*child)));
        found.extend(this.items.contains(name).then_some(Target::Item(module)));
        for (_, path) in this.uses.iter().filter(|(used, _)| used == name) {
            let targets = self.resolve(module, path, &mut seen.clone());
            // A re-export of another crate's item.
            let external = targets.is_empty().then_some(Target::Item(module));
            found.extend(targets.into_iter().chain(external));
        }
        if found.is_empty() {
            for glob in &this.globs {
                for target in self.resolve(module, glob, &mut seen.clone()) {
                    if let Target::Module(target) = target {
                        found.extend(self.lookup(target, name, &mut seen.clone()));
                    }
                }
            }
        }
        found
    }

    /// The imports between files that are not above or below each other, each with one path.
    fn imports(&self) -> BTreeMap<(Index, Index), String> {
        let mut imports = BTreeMap::new();
        for (index, module) in self.modules.iter().enumerate() {
            let mut paths: Vec<_> = module.paths.iter().chain(&module.globs).collect();
            // The path of an import, rather than the name that it brings.
            paths.sort_by_key(|path| Reverse(path.len()));
            for path in paths {
                for target in self.resolve(index, path, &mut BTreeSet::new()) {
                    let target = match target {
                        // A variable with the name of a module.
                        Target::Module(_) if path.len() == 1 => continue,
                        Target::Module(target) | Target::Item(target) => target,
                    };
                    let (from, to) = (module.file, self.modules[target].file);
                    let (above, below) = (&self.files[from].module, &self.files[to].module);
                    if !above.starts_with(below) && !below.starts_with(above) {
                        imports.entry((from, to)).or_insert_with(|| path.join("::"));
                    }
                }
            }
        }
        imports
    }

    /// Returns the paths of all files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// Returns the circles of imports, parent and child of one module aside.
    pub(crate) fn circles(&self) -> Vec<Circle> {
        let imports = self.imports();
        let reached: Vec<BTreeSet<Index>> =
            (0..self.files.len()).map(|file| reachable(file, &imports)).collect();
        let mut circles = Vec::new();
        let mut done: BTreeSet<Index> = BTreeSet::new();
        for file in 0..self.files.len() {
            if !reached[file].contains(&file) || done.contains(&file) {
                continue;
            }
            let files: BTreeSet<Index> = reached[file]
                .iter()
                .copied()
                .filter(|other| reached[*other].contains(&file))
                .collect();
            done.extend(&files);
            let inside: BTreeMap<_, _> = imports
                .iter()
                .filter(|((from, to), _)| files.contains(from) && files.contains(to))
                .map(|(edge, path)| (*edge, path.as_str()))
                .collect();
            let shortest =
                files.iter().map(|file| round_trip(*file, &inside)).min_by_key(Vec::len).unwrap();
            circles.push(Circle {
                files: files.iter().map(|file| self.files[*file].path.clone()).collect(),
                example: self.describe(&inside, shortest.into_iter()),
                imports: self.describe(&inside, inside.keys().copied()),
            });
        }
        circles
    }

    fn describe(
        &self,
        paths: &BTreeMap<(Index, Index), &str>,
        edges: impl Iterator<Item = (Index, Index)>,
    ) -> String {
        let name = |file: Index| self.files[file].path.display().to_string();
        let mut text = String::new();
        for edge in edges {
            _ = writeln!(text, "  {} imports {} as {}", name(edge.0), name(edge.1), paths[&edge]);
        }
        text
    }
}

fn reachable(from: Index, imports: &BTreeMap<(Index, Index), String>) -> BTreeSet<Index> {
    let (mut reached, mut queue) = (BTreeSet::new(), vec![from]);
    while let Some(file) = queue.pop() {
        for ((_, to), _) in imports.range((file, 0)..(file + 1, 0)) {
            if reached.insert(*to) {
                queue.push(*to);
            }
        }
    }
    reached
}

/// Returns the shortest chain of imports from the file to itself.
fn round_trip(start: Index, imports: &BTreeMap<(Index, Index), &str>) -> Vec<(Index, Index)> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for ((_, to), _) in imports.range((file, 0)..(file + 1, 0)) {
            if came_from.contains_key(to) {
                continue;
            }
            came_from.insert(*to, file);
            queue.push_back(*to);
        }
    }
    let mut chain = VecDeque::new();
    let mut at = start;
    loop {
        let from = came_from[&at];
        chain.push_front((from, at));
        at = from;
        if at == start {
            return chain.into();
        }
    }
}

fn crate_path(module: &[String], name: &syn::Ident) -> Vec<String> {
    ["crate".to_owned()]
        .into_iter()
        .chain(module.iter().cloned())
        .chain([name.to_string()])
        .collect()
}
