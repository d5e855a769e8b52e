//! Which module of `src/` uses which, read from the source.
//!
//! A module is a file. It uses another one if its code names something of it: by a path, by an imported name, or by a
//! method that the other one adds to a type. A `use` or `pub use` alone doesn't count. A re-exported name counts as a
//! use of the module that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{ImplItem, Item, Type, UseTree};

/// A module or an item, by the segments of its path below `crate`.
type Name = Vec<String>;

/// Everything that is known about the modules.
#[derive(Default)]
pub struct Modules {
    /// The names that a module imports or passes on, and what each stands for.
    aliases: BTreeMap<Name, BTreeMap<String, Name>>,
    /// What the code of a module names: paths, single identifiers among them.
    paths: BTreeMap<Name, BTreeSet<Vec<String>>>,
    /// The methods that the code of a module calls.
    calls: BTreeMap<Name, BTreeSet<String>>,
    /// The functions of each module.
    functions: BTreeMap<Name, BTreeSet<String>>,
    /// Methods outside the module of their type: type, method, and the module that adds it.
    added: Vec<(Name, String, Name)>,
}

impl Modules {
    /// Reads all modules of a folder.
    pub fn read(root: &Path) -> Self {
        let mut modules = Self::default();
        let files = sources(root);
        for file in &files {
            modules.aliases.insert(name_of(root, file), BTreeMap::new());
        }
        for file in &files {
            let (name, text) = (name_of(root, file), fs::read_to_string(file).unwrap());
            modules.scan(&name, text.parse().unwrap());
        }
        for file in &files {
            let (name, text) = (name_of(root, file), fs::read_to_string(file).unwrap());
            modules.find_added(&name, &syn::parse_file(&text).unwrap().items);
        }
        modules
    }

    /// Which module uses which other ones.
    pub fn uses(&self) -> BTreeMap<Name, BTreeSet<Name>> {
        self.aliases.keys().map(|module| (module.clone(), self.used_by(module))).collect()
    }

    fn used_by(&self, module: &Name) -> BTreeSet<Name> {
        let paths = self.paths.get(module).into_iter().flatten();
        let mut used: BTreeSet<Name> = paths.flat_map(|path| self.owners(module, path)).collect();
        for method in self.calls.get(module).into_iter().flatten() {
            // Without type information, a method belongs to a type only if no other function has its name.
            let owners = self.functions.values().filter(|names| names.contains(method)).count();
            let added = self.added.iter().find(|(_, name, _)| name == method && owners == 1);
            used.extend(added.map(|(_, _, adds)| adds.clone()));
        }
        used.remove(module);
        used
    }

    /// The modules that define the parts of a path.
    fn owners(&self, module: &Name, path: &[String]) -> Vec<Name> {
        let Some((owner, item)) = self.resolve(module, path) else { return Vec::new() };
        let [name, rest @ ..] = item.as_slice() else { return Vec::new() };
        let of_type: Name = owner.iter().chain([name]).cloned().collect();
        let added = self.added.iter().find(|(on, method, _)| {
            *on == of_type && rest.first().is_some_and(|first| first == method)
        });
        [Some(owner), added.map(|(_, _, adds)| adds.clone())].into_iter().flatten().collect()
    }

    /// The module that defines a path's target, and its name there; `None` if it isn't in `src/`.
    fn resolve(&self, module: &Name, path: &[String]) -> Option<(Name, Vec<String>)> {
        let full = self.absolute(module, path)?;
        let length = (1..=full.len()).rev().find(|n| self.aliases.contains_key(&full[..*n]))?;
        let (owner, item) = full.split_at(length);
        match item.first().and_then(|name| self.aliases[owner].get(name)) {
            Some(target) if *target != full => {
                let path = [&["crate".to_owned()], target.as_slice(), &item[1..]].concat();
                self.resolve(module, &path)
            }
            _ => Some((owner.to_vec(), item.to_vec())),
        }
    }

    /// A path below `crate`; `None` for what isn't in `src/`.
    fn absolute(&self, module: &Name, path: &[String]) -> Option<Name> {
        let (first, rest) = path.split_first()?;
        let mut full = match first.as_str() {
            "crate" => Name::new(),
            "self" => module.clone(),
            "super" => module.split_last()?.1.to_vec(),
            name => match self.aliases[module].get(name) {
                Some(target) => target.clone(),
                None => {
                    let child: Name = [module.as_slice(), std::slice::from_ref(first)].concat();
                    self.aliases.contains_key(&child).then_some(child)?
                }
            },
        };
        for segment in rest {
            match segment.as_str() {
                "super" => drop(full.pop()),
                _ => full.push(segment.clone()),
            }
        }
        Some(full)
    }

    /// Reads the code of a module.
    fn scan(&mut self, module: &Name, code: TokenStream) {
        let tokens: Vec<TokenTree> = code.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.scan(module, group.stream()),
                TokenTree::Ident(word) if word == "use" => {
                    let length = tokens[at..].iter().position(|token| is_punct(token, ';'));
                    let tree = &tokens[at + 1..at + length.unwrap_or(1)];
                    if let Ok(tree) = syn::parse2::<UseTree>(tree.iter().cloned().collect()) {
                        self.import(module, &tree, &[], is_public(&tokens[..at]));
                        at += length.unwrap_or(0);
                    }
                }
                // A module within the file: uses of its own file don't count.
                TokenTree::Ident(word) if word == "mod" && is_block(tokens.get(at + 2)) => {
                    at += 2;
                }
                TokenTree::Ident(word) if word == "fn" => {
                    if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                        let functions = self.functions.entry(module.clone()).or_default();
                        functions.insert(name.to_string());
                        at += 1;
                    }
                }
                TokenTree::Ident(word) => {
                    let is_member = at > 0 && is_punct(&tokens[at - 1], '.');
                    let mut path = vec![word.to_string()];
                    while let [colon, second, TokenTree::Ident(next), ..] = &tokens[at + 1..]
                        && is_punct(colon, ':')
                        && is_punct(second, ':')
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    if is_member {
                        self.calls.entry(module.clone()).or_default().insert(path.remove(0));
                    } else {
                        self.paths.entry(module.clone()).or_default().insert(path);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// Reads the names that a `use` imports or, if it is public, re-exports.
    fn import(&mut self, module: &Name, tree: &UseTree, before: &[String], is_public: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (alias, path) = match tree {
            UseTree::Path(path) => {
                return self.import(module, &path.tree, &with(&path.ident), is_public);
            }
            UseTree::Group(group) => {
                let trees = group.items.iter();
                return trees.for_each(|tree| self.import(module, tree, before, is_public));
            }
            UseTree::Name(name) if name.ident == "self" => {
                (before.last().unwrap().clone(), before.to_vec())
            }
            UseTree::Name(name) => (name.ident.to_string(), with(&name.ident)),
            UseTree::Rename(rename) => (rename.rename.to_string(), with(&rename.ident)),
            // It belongs to another crate; in `src/` each name is imported individually.
            _ => {
                assert!(self.absolute(module, before).is_none(), "{module:?} imports a glob");
                return;
            }
        };
        let Some(target) = self.absolute(module, &path) else { return };
        if !is_public {
            let path = [&["crate".to_owned()], target.as_slice()].concat();
            self.paths.entry(module.clone()).or_default().insert(path);
        }
        self.aliases.get_mut(module).unwrap().insert(alias, target);
    }

    /// Finds the methods that a module adds to types of other modules.
    fn find_added(&mut self, module: &Name, items: &[Item]) {
        for item in items {
            let Item::Impl(block) = item else { continue };
            let (None, Type::Path(on)) = (&block.trait_, &*block.self_ty) else { continue };
            let path: Vec<String> = on.path.segments.iter().map(|s| s.ident.to_string()).collect();
            let Some((owner, item)) = self.resolve(module, &path) else { continue };
            if owner == *module {
                continue;
            }
            let on: Name = owner.into_iter().chain(item).collect();
            for member in &block.items {
                if let ImplItem::Fn(function) = member {
                    let method = function.sig.ident.to_string();
                    self.added.push((on.clone(), method, module.clone()));
                }
            }
        }
    }
}

/// Whether these tokens end with a visibility, so that the next item is public.
fn is_public(before: &[TokenTree]) -> bool {
    let is_pub = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    match before {
        [.., word, TokenTree::Group(_)] if is_pub(word) => true,
        [.., word] => is_pub(word),
        [] => false,
    }
}

fn is_block(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(_)))
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// All Rust files below a folder.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn name_of(root: &Path, file: &Path) -> Name {
    let path = file.strip_prefix(root).unwrap().with_extension("");
    let mut name: Name = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if name.last().is_some_and(|last| last == "mod" || last == "lib") {
        name.pop();
    }
    name
}
