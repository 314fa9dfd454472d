use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// What the rules ask about: our crates, with what each declares and what each ends up with.
#[derive(Clone)]
pub(super) struct Workspace {
    pub(super) members: Vec<Member>,
}

/// One of our crates.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) name: String,
    /// As the manifest declares them, for every platform.
    pub(super) dependencies: Vec<Dependency>,
    /// Every package it is built with on this platform, itself left out, tests left out.
    pub(super) reaches: BTreeSet<String>,
}

/// One line of a manifest.
#[derive(Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: DependencyKind,
    pub(super) features: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// Only this platform's packages are resolved: the others' were not downloaded to build the
    /// tests, and a test does not go to the network. Features are those of the whole workspace,
    /// which can only make a crate reach more than it does alone.
    ///
    /// # Errors
    ///
    /// Cargo's own, when a manifest is broken.
    pub(super) fn read(root: &Path) -> Result<Self, cargo_metadata::Error> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(["--filter-platform".to_owned(), "host-tuple".to_owned()])
            .exec()?;
        Ok(Self::from(&metadata))
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl From<&Metadata> for Workspace {
    fn from(metadata: &Metadata) -> Self {
        let edges = shipped_edges(metadata);
        let names = names(metadata);
        let member = |package: &&Package| Member {
            name: package.name.to_string(),
            dependencies: package.dependencies.iter().map(Dependency::from).collect(),
            reaches: reachable(&package.id, &edges)
                .into_iter()
                .filter_map(|id| names.get(id).cloned())
                .collect(),
        };
        Self { members: metadata.workspace_packages().iter().map(member).collect() }
    }
}

impl From<&cargo_metadata::Dependency> for Dependency {
    fn from(declared: &cargo_metadata::Dependency) -> Self {
        Self {
            name: declared.name.clone(),
            kind: declared.kind,
            features: declared.features.clone(),
        }
    }
}

impl Member {
    /// What its own build needs: everything but the dev-dependencies.
    pub(super) fn shipped(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|used| used.is_shipped())
    }
}

impl Dependency {
    pub(super) fn is_shipped(&self) -> bool {
        self.kind != DependencyKind::Development
    }
}

/// From each package to the ones it is built with, tests left out.
type Edges<'a> = HashMap<&'a PackageId, Vec<&'a PackageId>>;

fn names(metadata: &Metadata) -> HashMap<&PackageId, String> {
    let packages = metadata.packages.iter();
    packages.map(|package| (&package.id, package.name.to_string())).collect()
}

fn shipped_edges(metadata: &Metadata) -> Edges<'_> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    nodes
        .map(|node| {
            let shipped = node.deps.iter().filter(|edge| {
                let mut kinds = edge.dep_kinds.iter();
                kinds.any(|dep| dep.kind != DependencyKind::Development)
            });
            (&node.id, shipped.map(|edge| &edge.pkg).collect())
        })
        .collect()
}

fn reachable<'a>(from: &'a PackageId, edges: &Edges<'a>) -> BTreeSet<&'a PackageId> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(package) = open.pop() {
        for next in edges.get(package).into_iter().flatten() {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}
