//! The menu of projects.

use login::Error;
use login::create_api_key::{ProjectChoices, Target};
use printable::excerpt;
use terminal_ui::{Select, Terminal};

/// Asks in which project the key is created.
pub(crate) async fn choose(
    candidates: ProjectChoices,
    terminal: Terminal,
) -> Result<Target, Error> {
    let items = labels(&candidates.targets);
    let heading = format!("Which of {} projects is the key for?", items.len());
    let select = Select { heading, items, default: candidates.default };
    let chosen = select.ask(terminal).await;
    let place = chosen.map_err(|error| Error::PromptFailed(error.into()))?;
    place.and_then(|place| candidates.targets.into_iter().nth(place)).ok_or(Error::NothingChosen)
}

/// `Default project of Analytical Engines (proj_1)`. If there is only one organization, its name is left
/// out.
fn labels(targets: &[Target]) -> Vec<String> {
    let first = targets.first().map(|target| &target.organization.id);
    let is_one = targets.iter().all(|target| Some(&target.organization.id) == first);
    let label = |Target { organization, project }: &Target| {
        let organization = visible(organization.title.as_deref())
            .unwrap_or_else(|| organization.id.as_str().to_owned());
        let of = if is_one { String::new() } else { format!(" of {organization}") };
        match visible(project.title.as_deref()) {
            Some(title) => format!("{title}{of} ({})", project.id),
            None => format!("{}{of}", project.id),
        }
    };
    targets.iter().map(label).collect()
}

/// The visible part of a title, if there is one.
fn visible(title: Option<&str>) -> Option<String> {
    const LONGEST: usize = 40;
    title.map(|title| excerpt(title, LONGEST)).filter(|title| !title.is_empty())
}
