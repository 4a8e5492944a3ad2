//! Emails of service accounts: `ID@PROJECT.iam.gserviceaccount.com`, and those that Google makes by itself.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::project::ProjectId;

/// A service account's email, equal in any case of letters.
#[derive(Clone, Debug)]
pub struct ServiceAccountEmail(String);

/// Why a text is no service account's email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Has a kind in front.
    #[error("give the email alone, without serviceAccount: in front")]
    Prefixed,
    /// Not of the form of an email.
    #[error("a service account is given by its email, such as api@my-project.iam.gserviceaccount.com")]
    Form,
    /// Of a person or a group.
    #[error("this is not a service account's email address, which ends with gserviceaccount.com")]
    Domain,
}

const USER_MANAGED: &str = ".iam.gserviceaccount.com";

impl ServiceAccountEmail {
    /// The email of the account `id` of a project.
    pub fn of(id: &str, project: &ProjectId) -> ServiceAccountEmail {
        // A project `example.com:name` has accounts at `name.example.com`.
        let domain = match project.as_str().split_once(':') {
            Some((domain, name)) => format!("{name}.{domain}"),
            None => project.to_string(),
        };
        ServiceAccountEmail(format!("{id}@{domain}{USER_MANAGED}"))
    }

    /// What stands before the `@`.
    pub fn account_id(&self) -> &str {
        self.0.split('@').next().unwrap_or(&self.0)
    }

    /// The project of an account that a user made; none for those that Google made.
    pub fn project(&self) -> Option<&str> {
        if self.is_google_made() {
            return None;
        }
        self.domain().strip_suffix(USER_MANAGED)
    }

    /// Whether Google made the account by itself: default accounts and service agents.
    pub fn is_google_made(&self) -> bool {
        let domain = self.domain();
        !domain.ends_with(USER_MANAGED)
            || (domain.starts_with("gcp-sa-") && self.account_id().starts_with("service-"))
            || self.account_id().starts_with("service-") && domain.ends_with("-robot.iam.gserviceaccount.com")
            || domain.starts_with("serverless-robot-")
    }

    /// As it is sent: in lower case.
    pub fn to_wire(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for ServiceAccountEmail {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<ServiceAccountEmail, EmailError> {
        if text.starts_with("serviceAccount:") {
            return Err(EmailError::Prefixed);
        }
        let (id, domain) = text.split_once('@').ok_or(EmailError::Form)?;
        let illegal = |c: char| c.is_whitespace() || matches!(c, '@' | ':' | '/');
        if id.is_empty() || domain.is_empty() || id.contains(illegal) || domain.contains(illegal) {
            return Err(EmailError::Form);
        }
        if !domain.to_ascii_lowercase().ends_with("gserviceaccount.com") {
            return Err(EmailError::Domain);
        }
        Ok(ServiceAccountEmail(text.to_owned()))
    }
}

impl fmt::Display for ServiceAccountEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for ServiceAccountEmail {
    fn eq(&self, other: &ServiceAccountEmail) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ServiceAccountEmail {}

impl Hash for ServiceAccountEmail {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_wire().hash(state);
    }
}

super::text_scalar!(ServiceAccountEmail, canonical: ServiceAccountEmail::to_wire);

#[cfg(test)]
mod tests {
    use super::*;

    fn email(text: &str) -> ServiceAccountEmail {
        text.parse().unwrap()
    }

    #[test]
    fn an_email_is_made_and_taken_apart() {
        let made = ServiceAccountEmail::of("api", &"my-project".parse().unwrap());
        assert_eq!(made, email("API@my-project.iam.gserviceaccount.com"));
        assert_eq!((made.account_id(), made.project()), ("api", Some("my-project")));
        let scoped = ServiceAccountEmail::of("api", &"example.com:my-project".parse().unwrap());
        assert_eq!(scoped.to_string(), "api@my-project.example.com.iam.gserviceaccount.com");
    }

    #[test]
    fn what_google_makes_by_itself_is_known() {
        for own in [
            "42-compute@developer.gserviceaccount.com",
            "my-project@appspot.gserviceaccount.com",
            "42@cloudservices.gserviceaccount.com",
            "service-42@gcp-sa-pubsub.iam.gserviceaccount.com",
            "service-42@serverless-robot-prod.iam.gserviceaccount.com",
        ] {
            assert!(email(own).is_google_made() && email(own).project().is_none(), "{own}");
        }
        assert!(!email("service-a@my-project.iam.gserviceaccount.com").is_google_made());
    }

    #[test]
    fn refusals_have_reasons() {
        for (text, expected) in [
            ("serviceAccount:a@p.iam.gserviceaccount.com", EmailError::Prefixed),
            ("api", EmailError::Form),
            ("@p.iam.gserviceaccount.com", EmailError::Form),
            ("me@example.com", EmailError::Domain),
        ] {
            assert_eq!(text.parse::<ServiceAccountEmail>(), Err(expected), "{text:?}");
        }
    }
}
