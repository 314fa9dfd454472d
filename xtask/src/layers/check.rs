use super::workspace::{Dependency, Member, Workspace};
use super::{Absence, Layer, Rule, TEST_PARTNER};

/// Everything that breaks the table or an absence, one sentence each.
pub(super) fn violations(
    workspace: &Workspace,
    layers: &[Layer],
    absences: &[Absence],
) -> Vec<String> {
    let rows = layers
        .iter()
        .filter(|layer| workspace.member(layer.name).is_none())
        .map(|layer| format!("`{}` has a row, and is no crate of the workspace", layer.name));
    let arrows = workspace.members.iter().flat_map(|member| {
        match layers.iter().find(|layer| layer.name == member.name) {
            Some(layer) => layer.forbidden_arrows(member, workspace),
            None => vec![format!("`{}` has no row in the table of layers", member.name)],
        }
    });
    let presences = absences.iter().flat_map(|absence| {
        let found = absence.rule.broken_by(workspace);
        found.into_iter().map(|what| format!("{what}: {}", absence.reason))
    });
    rows.chain(arrows).chain(presences).collect()
}

impl Layer {
    fn forbidden_arrows(&self, member: &Member, workspace: &Workspace) -> Vec<String> {
        let ours = |dependency: &&Dependency| workspace.member(&dependency.name).is_some();
        member
            .dependencies
            .iter()
            .filter(ours)
            .filter(|dependency| !self.allows(dependency))
            .map(|dependency| {
                let (from, to) = (self.name, &dependency.name);
                format!("`{from}` may not use `{to}` ({:?} dependency)", dependency.kind)
            })
            .collect()
    }

    fn allows(&self, dependency: &Dependency) -> bool {
        self.may_use.contains(&dependency.name.as_str())
            || (!dependency.is_shipped() && dependency.name == TEST_PARTNER)
    }
}

impl Rule {
    /// What in the workspace breaks the rule.
    fn broken_by(&self, workspace: &Workspace) -> Vec<String> {
        match self {
            Self::OnlyNamedBy { members, packages } => workspace
                .members
                .iter()
                .filter(|member| !members.contains(&member.name.as_str()))
                .flat_map(|member| member.shipped().map(move |used| (member, used)))
                .filter(|(_, used)| packages.contains(&used.name.as_str()))
                .map(|(member, used)| format!("`{}` names `{}`", member.name, used.name))
                .collect(),
            Self::NotReached { from, packages } => workspace
                .member(from)
                .into_iter()
                .flat_map(|member| &member.reaches)
                .filter(|reached| packages.contains(&reached.as_str()))
                .map(|reached| format!("`{from}` reaches `{reached}`"))
                .collect(),
            Self::FeaturesOff { member, package, features } => workspace
                .member(member)
                .into_iter()
                .flat_map(Member::shipped)
                .filter(|used| used.name == *package)
                .flat_map(|used| &used.features)
                .filter(|feature| features.contains(&feature.as_str()))
                .map(|feature| format!("`{member}` uses `{package}/{feature}`"))
                .collect(),
        }
    }
}
