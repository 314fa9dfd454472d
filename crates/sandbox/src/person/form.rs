use url::form_urlencoded::Serializer;

use super::error::PersonError;

/// The form of a page with accounts.
pub(super) struct Form<'p> {
    page: &'p str,
}

impl<'p> Form<'p> {
    pub(super) fn on(page: &'p str) -> Self {
        Self { page }
    }

    /// The value of the button for the account with this address or label.
    pub(super) fn account(&self, account: &str) -> Result<String, PersonError> {
        let is_it = |tag: &&str| {
            let names = [attribute(tag, "data-email"), attribute(tag, "data-label")];
            names.into_iter().flatten().any(|name| name == account)
        };
        let button = self.tags("button").find(is_it);
        let button = button.ok_or_else(|| self.no_such_account(account))?;
        Ok(attribute(button, "value").unwrap_or_default())
    }

    /// The value of the cancel button.
    pub(super) fn cancel_value(&self) -> Result<String, PersonError> {
        let declines = |tag: &&str| attribute(tag, "class").as_deref() == Some("cancel");
        let button = self.tags("button").find(declines);
        button.and_then(|tag| attribute(tag, "value")).ok_or(PersonError::NoForm)
    }

    /// The fields of the form with this button and the typed text, if any.
    pub(super) fn submitted(&self, account: &str, typed: &str) -> Result<String, PersonError> {
        let input = self.tags("input").next().ok_or(PersonError::NoForm)?;
        let name = attribute(input, "name").ok_or(PersonError::NoForm)?;
        let value = attribute(input, "value").unwrap_or_else(|| typed.to_owned());
        let mut form = Serializer::new(String::new());
        form.append_pair(&name, &value).append_pair("account", account);
        Ok(form.finish())
    }

    fn no_such_account(&self, account: &str) -> PersonError {
        let offered = self.tags("button").filter_map(|tag| attribute(tag, "data-email"));
        PersonError::NoSuchAccount { account: account.to_owned(), offered: offered.collect() }
    }

    /// The attributes of every tag with this name.
    fn tags(&self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let tags = self.page.split('<').skip(1);
        tags.filter_map(move |tag| tag.split_once('>')?.0.strip_prefix(name))
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, from) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = from.split_once('"')?;
    Some(unescape(value))
}

/// The ampersand is last: `&amp;lt;` is the text `&lt;`.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
