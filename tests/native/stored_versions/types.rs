//! What the machines can store and send, as the source of `src/domain` says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{
    Expr, Fields, GenericArgument, ImplItem, Item, ItemImpl, Lit, PathArguments, PathSegment, Type,
};

/// The types of one machine.
#[derive(Default)]
pub struct Types {
    /// The names of the commands that are sent.
    pub commands: BTreeSet<String>,
    /// The variants of its state; none for a struct.
    pub states: BTreeSet<String>,
    /// The variants of enums within the state.
    pub parts: BTreeSet<String>,
    /// The kinds of rows.
    pub rows: BTreeSet<String>,
    /// The effects of its own.
    pub effects: BTreeSet<String>,
}

/// The source of one machine's folder.
#[derive(Default)]
struct Folder {
    /// The variants of its enums.
    enums: BTreeMap<String, BTreeSet<String>>,
    /// Which types a type contains, as far as names tell.
    parts: BTreeMap<String, BTreeSet<String>>,
    /// The associated types of its machine.
    machine: BTreeMap<String, String>,
    name: Option<String>,
}

/// Every machine by its name, and the names of all variants of enums in `src`.
pub fn read() -> (BTreeMap<String, Types>, BTreeSet<String>) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: BTreeMap<PathBuf, Folder> = BTreeMap::new();
    let mut commands: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut variants = BTreeSet::new();
    for file in files(&source) {
        let below = file.strip_prefix(source.join("domain")).unwrap_or(Path::new("")).iter().next();
        let folder = folders.entry(below.unwrap_or_default().into()).or_default();
        for item in syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap().items {
            match item {
                Item::Enum(item) => {
                    let names: BTreeSet<String> =
                        item.variants.iter().map(|variant| variant.ident.to_string()).collect();
                    variants.extend(names.iter().cloned());
                    let parts = item.variants.iter().flat_map(|variant| parts(&variant.fields));
                    folder.parts.insert(item.ident.to_string(), parts.collect());
                    folder.enums.insert(item.ident.to_string(), names);
                }
                Item::Struct(item) => {
                    folder.parts.insert(item.ident.to_string(), parts(&item.fields).collect());
                }
                Item::Macro(item) if item.mac.path.is_ident("rows") => {
                    let names = declared(item.mac.tokens);
                    variants.extend(names.iter().cloned());
                    folder.enums.insert("Row".into(), names);
                }
                Item::Impl(item) => match trait_of(&item).as_deref() {
                    Some("Machine") => {
                        folder.name = Some(last(&item.self_ty));
                        folder.machine = associated(&item);
                    }
                    Some("Command") => {
                        let machine = associated(&item)["Machine"].clone();
                        commands.entry(machine).or_default().extend(constant(&item, "NAME"));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }
    let machines = folders.into_values().filter_map(|folder| {
        let name = folder.name.clone()?;
        let commands = commands.remove(&name).unwrap_or_default();
        Some((name, folder.types(commands)))
    });
    (machines.collect(), variants)
}

impl Folder {
    fn types(&self, commands: BTreeSet<String>) -> Types {
        let variants = |of: &str| {
            let name = self.machine.get(of).map(String::as_str).unwrap_or_default();
            self.enums.get(name).cloned().unwrap_or_default()
        };
        let mut within = BTreeSet::new();
        let mut found = BTreeSet::new();
        let mut left = vec![self.machine["State"].clone()];
        while let Some(name) = left.pop() {
            if found.insert(name.clone()) {
                left.extend(self.parts.get(&name).into_iter().flatten().cloned());
                within.extend(self.enums.get(&name).into_iter().flatten().cloned());
            }
        }
        let states = variants("State");
        let parts = within.difference(&states).cloned().collect();
        Types { commands, states, parts, rows: variants("Row"), effects: variants("Wants") }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// The names in the types of fields.
fn parts(fields: &Fields) -> impl Iterator<Item = String> {
    fields.iter().flat_map(|field| names(&field.ty))
}

fn names(ty: &Type) -> Vec<String> {
    match ty {
        Type::Path(path) => path.path.segments.iter().flat_map(names_of_segment).collect(),
        Type::Tuple(tuple) => tuple.elems.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

fn names_of_segment(segment: &PathSegment) -> Vec<String> {
    let mut found = vec![segment.ident.to_string()];
    if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
        found.extend(arguments.args.iter().flat_map(|argument| match argument {
            GenericArgument::Type(ty) => names(ty),
            _ => Vec::new(),
        }));
    }
    found
}

/// The names that `rows!` declares: each has its type in parentheses.
fn declared(tokens: TokenStream) -> BTreeSet<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let name = |pair: &[TokenTree]| match pair {
        [TokenTree::Ident(name), TokenTree::Group(group)]
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            Some(name.to_string())
        }
        _ => None,
    };
    tokens.windows(2).filter_map(name).collect()
}

fn trait_of(item: &ItemImpl) -> Option<String> {
    let (path, _) = item.trait_.as_ref()?;
    path.segments.last().map(|segment| segment.ident.to_string())
}

fn last(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
    .unwrap_or_default()
}

fn associated(item: &ItemImpl) -> BTreeMap<String, String> {
    let types = item.items.iter().filter_map(|item| match item {
        ImplItem::Type(item) => Some((item.ident.to_string(), last(&item.ty))),
        _ => None,
    });
    types.collect()
}

/// A constant of an `impl` that is a text.
fn constant(item: &ItemImpl, name: &str) -> Option<String> {
    item.items.iter().find_map(|item| match item {
        ImplItem::Const(item) if item.ident == name => match &item.expr {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}
