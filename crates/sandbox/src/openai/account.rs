use serde_json::{Map, Value};

/// An account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The address on the sign-in page, by which a [`Person`](crate::Person) selects the account.
    pub email: String,
    /// The name on the sign-in page.
    pub name: String,
    /// The label on the sign-in page.
    pub label: String,
    /// The claim `sub`.
    pub sub: String,
    /// The plan; omitted from the tokens if none.
    pub plan: Option<String>,
    /// The claim `organization_id`.
    pub organization_id: Option<String>,
    /// The claim `project_id`.
    pub project_id: Option<String>,
    /// The claim `chatgpt_account_id`, and the workspace id.
    pub chatgpt_account_id: Option<String>,
    /// The claim `completed_platform_onboarding`.
    pub completed_platform_onboarding: bool,
    /// The claim `is_org_owner`.
    pub is_org_owner: bool,
    /// What happens when this account is selected.
    pub when_chosen: WhenChosen,
    /// A JSON merge patch for the claims of the ID token
    /// ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)): null removes a claim.
    pub id_token_claims: Map<String, Value>,
    /// The same for the access token.
    pub access_token_claims: Map<String, Value>,
    /// The organizations, in the order of the listing.
    pub organizations: Vec<Organization>,
}

/// What happens when an account is selected on the sign-in page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenChosen {
    /// The callback gets a code.
    #[default]
    SignsIn,
    /// The callback gets `error=access_denied`.
    Denies,
}

/// An organization of the platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Organization {
    /// Its id, with any characters.
    pub id: String,
    /// Its title; null in the response if absent.
    pub title: Option<String>,
    /// Whether it is the account's default organization.
    pub is_default: bool,
    /// Whether it is personal.
    pub personal: bool,
    /// The number of the first listing that contains it, counted from the start of the sandbox.
    pub appears_at_poll: u32,
    /// Its projects, in the order of the listing.
    pub projects: Vec<Project>,
    /// Whether an endless list of full pages with long titles follows.
    pub endless: bool,
}

/// A project of an organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Its id, with any characters.
    pub id: String,
    /// Its title; null in the response if absent.
    pub title: Option<String>,
    /// Whether it is the organization's default project.
    pub is_initial: bool,
    /// The number of the first listing that contains it, counted from the start of the sandbox.
    pub appears_at_poll: u32,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            email: "someone@example.com".to_owned(),
            name: "Someone".to_owned(),
            label: String::new(),
            sub: "auth0|someone".to_owned(),
            plan: Some("plus".to_owned()),
            organization_id: None,
            project_id: None,
            chatgpt_account_id: Some("acct-someone".to_owned()),
            completed_platform_onboarding: true,
            is_org_owner: false,
            when_chosen: WhenChosen::SignsIn,
            id_token_claims: Map::new(),
            access_token_claims: Map::new(),
            organizations: Vec::new(),
        }
    }
}

impl Default for Organization {
    fn default() -> Self {
        Self {
            id: "org-sandbox".to_owned(),
            title: None,
            is_default: false,
            personal: false,
            appears_at_poll: 1,
            projects: Vec::new(),
            endless: false,
        }
    }
}

impl Default for Project {
    fn default() -> Self {
        Self { id: "proj_sandbox".to_owned(), title: None, is_initial: false, appears_at_poll: 1 }
    }
}

/// The accounts of the default scenario: one for each outcome of a sign-in.
impl Account {
    /// The address of the owner who finished setup.
    pub const OWNER: &'static str = "ada@example.com";
    /// The address of the owner without finished setup.
    pub const NEW_OWNER: &'static str = "grace@example.com";
    /// The address of the member without an organization.
    pub const MEMBER: &'static str = "linus@example.com";
    /// The address of the account that denies.
    pub const DENIER: &'static str = "nora@example.com";

    /// The address of the member of two organizations with three projects.
    pub const SEVERAL_PROJECTS: &'static str = "rosalind@example.com";

    /// All of them, in the order of the sign-in page.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let (several, denier) = (Self::several_projects(), Self::denier());
        vec![Self::owner(), Self::new_owner(), Self::member(), several, denier]
    }

    /// The owner who finished setup: everything works.
    #[must_use]
    pub fn owner() -> Self {
        Self {
            label: "Owner, setup finished".to_owned(),
            is_org_owner: true,
            ..Self::named(Self::OWNER, "Ada Lovelace", "ada")
                .with_organization("Analytical Engines")
        }
    }

    /// The owner without finished setup: the sign-in succeeds, and ends on the finish-setup page.
    /// The default project appears at the third listing: the first `create-key` waits for it, and
    /// the next one finds it immediately.
    #[must_use]
    pub fn new_owner() -> Self {
        let mut account = Self::named(Self::NEW_OWNER, "Grace Hopper", "grace")
            .with_organization("Compilers & Co");
        for project in account.organizations.iter_mut().flat_map(|org| &mut org.projects) {
            project.appears_at_poll = 3;
        }
        Self {
            label: "Owner, setup still to do".to_owned(),
            plan: Some("pro".to_owned()),
            completed_platform_onboarding: false,
            is_org_owner: true,
            ..account
        }
    }

    /// The member without an organization, for whom no key can be created.
    #[must_use]
    pub fn member() -> Self {
        Self {
            label: "Member, no organization".to_owned(),
            plan: Some("free".to_owned()),
            ..Self::named(Self::MEMBER, "Linus Pauling", "linus")
        }
    }

    /// The member of two organizations: `create-key` lets her choose one of three projects.
    #[must_use]
    pub fn several_projects() -> Self {
        let mut account = Self::named(Self::SEVERAL_PROJECTS, "Rosalind Franklin", "rosalind")
            .with_organization("Crystallography");
        let project = |id: &str, title: &str| Project {
            id: id.to_owned(),
            title: Some(title.to_owned()),
            ..Project::default()
        };
        let projects =
            account.organizations.iter_mut().map(|organization| &mut organization.projects);
        projects.for_each(|projects| projects.push(project("proj_imaging", "Imaging")));
        account.organizations.push(Organization {
            id: "org-archive".to_owned(),
            title: Some("Archive".to_owned()),
            projects: vec![project("proj_letters", "Letters")],
            ..Organization::default()
        });
        Self { label: "Member, three projects".to_owned(), ..account }
    }

    /// The account that denies: the callback gets `error=access_denied`.
    #[must_use]
    pub fn denier() -> Self {
        Self {
            label: "Says no".to_owned(),
            when_chosen: WhenChosen::Denies,
            ..Self::named(Self::DENIER, "Nora Helmer", "nora")
        }
    }

    fn named(email: &str, name: &str, id: &str) -> Self {
        Self {
            email: email.to_owned(),
            name: name.to_owned(),
            sub: format!("auth0|{id}"),
            chatgpt_account_id: Some(format!("acct-{id}")),
            ..Self::default()
        }
    }

    fn with_organization(self, title: &str) -> Self {
        let id = self.sub.trim_start_matches("auth0|").to_owned();
        let project = Project {
            id: format!("proj_{id}"),
            title: Some("Default project".to_owned()),
            is_initial: true,
            ..Project::default()
        };
        let organization = Organization {
            id: format!("org-{id}"),
            title: Some(title.to_owned()),
            is_default: true,
            projects: vec![project],
            ..Organization::default()
        };
        Self {
            organization_id: Some(organization.id.clone()),
            project_id: Some(format!("proj_{id}")),
            organizations: vec![organization],
            ..self
        }
    }
}
