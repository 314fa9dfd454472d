use std::time::Duration;

use super::browser::Browser;
use super::error::PersonError;
use super::form::Form;
use super::trail::{Step, Trail};
use crate::running::block_on;
use url::Url;

/// A simulated user with a browser: opens an authorization URL, selects an account, and follows the
/// redirects to the callback and the last page.
#[derive(Clone, Debug)]
pub struct Person {
    /// The address or label of the account to select.
    pub account: String,
    /// What the user does.
    pub conduct: Conduct,
    /// The certificate that the browser trusts, as PEM.
    pub ca_pem: Option<String>,
    /// The timeout of the whole visit.
    pub timeout: Duration,
}

impl Person {
    /// A user who signs in with this account, and whose browser trusts no certificate.
    #[must_use]
    pub fn named(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            conduct: Conduct::SignsIn,
            ca_pem: None,
            timeout: Duration::from_secs(60),
        }
    }

    /// Sets the conduct.
    #[must_use]
    pub fn with_conduct(self, conduct: Conduct) -> Self {
        Self { conduct, ..self }
    }

    /// Opens the URL, and returns the requests of the browser. An error page is not an error: it
    /// ends the trail.
    ///
    /// # Errors
    ///
    /// [`PersonError`] if a page cannot be loaded, or does not have the account or button.
    pub async fn visit(&self, authorization_url: &str) -> Result<Trail, PersonError> {
        let visit = self.visit_without_timeout(authorization_url);
        let outcome = tokio::time::timeout(self.timeout, visit).await;
        outcome.unwrap_or(Err(PersonError::TimedOut))
    }

    /// [`visit`](Self::visit) for tests that are not async: it blocks the thread.
    ///
    /// # Errors
    ///
    /// [`PersonError`] if a page cannot be loaded, or does not have the account or button.
    pub fn visit_blocking(&self, authorization_url: &str) -> Result<Trail, PersonError> {
        block_on(self.visit(authorization_url)).map_err(PersonError::Runtime)?
    }

    /// Opens the page for device codes, enters the code, and selects the account or denies.
    ///
    /// # Errors
    ///
    /// [`PersonError`] if a page cannot be loaded, or does not have the account or button.
    pub async fn connect_device(
        &self,
        device_url: &str,
        user_code: &str,
    ) -> Result<Trail, PersonError> {
        let visit = async {
            let url = Url::parse(device_url).map_err(|_| PersonError::BadUrl)?;
            let browser = Browser::new(self.ca_pem.as_deref())?;
            let page = browser.get(&url).await?;
            let done = self.press(&browser, &page, user_code).await?;
            Ok(Trail { steps: vec![page, done] })
        };
        let outcome = tokio::time::timeout(self.timeout, visit).await;
        outcome.unwrap_or(Err(PersonError::TimedOut))
    }

    /// [`connect_device`](Self::connect_device) for tests that are not async: it blocks the thread.
    ///
    /// # Errors
    ///
    /// [`PersonError`] if a page cannot be loaded, or does not have the account or button.
    pub fn connect_device_blocking(
        &self,
        device_url: &str,
        user_code: &str,
    ) -> Result<Trail, PersonError> {
        block_on(self.connect_device(device_url, user_code)).map_err(PersonError::Runtime)?
    }

    async fn visit_without_timeout(&self, authorization_url: &str) -> Result<Trail, PersonError> {
        let url = Url::parse(authorization_url).map_err(|_| PersonError::BadUrl)?;
        let browser = Browser::new(self.ca_pem.as_deref())?;
        let page = browser.get(&url).await?;
        let mut trail = Trail { steps: vec![page] };
        let page = &trail.steps[0];
        if page.status == 200 && !matches!(self.conduct, Conduct::OnlyOpensThePage) {
            let chosen = self.press(&browser, page, "").await?;
            let callback = chosen.location();
            trail.steps.push(chosen);
            self.follow_redirects(&browser, callback, &mut trail).await?;
        }
        Ok(trail)
    }

    /// Submits the form of a page with a button, to the URL of the page.
    async fn press(
        &self,
        browser: &Browser,
        page: &Step,
        typed: &str,
    ) -> Result<Step, PersonError> {
        let text = page.text();
        let form = Form::on(&text);
        let account = match self.conduct {
            Conduct::Denies => form.cancel_value()?,
            _ => form.account(&self.account)?,
        };
        let mut action = page.url.clone();
        action.set_query(None);
        browser.submit(&action, form.submitted(&account, typed)?).await
    }

    async fn follow_redirects(
        &self,
        browser: &Browser,
        callback: Option<Url>,
        trail: &mut Trail,
    ) -> Result<(), PersonError> {
        const MOST_REDIRECTS: usize = 10;
        let stays = matches!(self.conduct, Conduct::StopsBeforeCallback);
        let mut next = callback.filter(|_| !stays);
        if let Some(callback) = &mut next {
            self.conduct.change(callback);
        }
        for _ in 0..MOST_REDIRECTS {
            let Some(url) = next else { return Ok(()) };
            let step = browser.get(&url).await?;
            let leaves = matches!(self.conduct, Conduct::StopsAfterCallback);
            next = step.location().filter(|_| !leaves);
            trail.steps.push(step);
        }
        Err(PersonError::TooManyRedirects(MOST_REDIRECTS))
    }
}

/// What a user does with an authorization URL.
#[derive(Clone, Copy, Debug, Default)]
pub enum Conduct {
    /// Signs in, and follows every redirect to the last page.
    #[default]
    SignsIn,
    /// Presses "Cancel", and follows the redirects.
    Denies,
    /// Opens the sign-in page only.
    OnlyOpensThePage,
    /// Signs in, and does not follow the redirect to the callback.
    StopsBeforeCallback,
    /// Signs in, and does not follow the redirect of the callback.
    StopsAfterCallback,
    /// Requests the callback with another `state`.
    AltersState,
}

impl Conduct {
    fn change(self, callback: &mut Url) {
        if let Self::AltersState = self {
            let mut pairs: Vec<_> = callback.query_pairs().into_owned().collect();
            let states = pairs.iter_mut().filter(|(name, _)| name == "state");
            states.for_each(|(_, value)| "not-the-state".clone_into(value));
            callback.query_pairs_mut().clear().extend_pairs(pairs);
        }
    }
}
