//! Members of IAM policies: `serviceAccount:E`, `user:E`, `allUsers`, `principalSet://…`.
//! Emails compare in any case of letters, all other members exactly; a project in a principal is its number.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::project::ProjectRef;

/// A member of an IAM policy.
#[derive(Clone, Debug)]
pub struct Member {
    text: String,
    canonical: String,
}

/// Why a text is no member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// No text.
    #[error("a member cannot be empty")]
    Empty,
    /// No kind in front.
    #[error(
        "a member has its kind in front, such as user:, group:, domain: or serviceAccount:, or is allUsers or allAuthenticatedUsers"
    )]
    NoKind,
    /// A kind in the wrong case of letters.
    #[error("the kind of a member is written {0}")]
    KindSpelling(&'static str),
    /// A kind that IAM does not have.
    #[error(
        "{0:?} is not a type of member; the types are user, group, serviceAccount, domain, principal, principalSet, projectOwner, projectEditor and projectViewer"
    )]
    Kind(String),
    /// Nothing, or not an email, behind the kind.
    #[error("behind {0}: there should be an email")]
    Email(&'static str),
    /// Nothing behind the kind.
    #[error("behind {0}: something is missing, or there are spaces")]
    Value(&'static str),
}

/// Kinds whose value is an email or a domain, in which case of letters means nothing.
const FOLDED: [&str; 4] = ["user", "group", "serviceAccount", "domain"];
/// Kinds whose value is taken exactly.
const EXACT: [&str; 6] =
    ["principal", "principalSet", "principalHierarchy", "projectOwner", "projectEditor", "projectViewer"];
const EVERYBODY: [&str; 2] = ["allUsers", "allAuthenticatedUsers"];
const DELETED: &str = "deleted:";

impl Member {
    /// The member of a service account.
    pub fn service_account(email: &str) -> Member {
        let canonical = format!("serviceAccount:{}", email.to_ascii_lowercase());
        Member { text: format!("serviceAccount:{email}"), canonical }
    }

    /// The kind in front; for `allUsers` and its like the whole.
    pub fn kind(&self) -> &str {
        let living = self.canonical.strip_prefix(DELETED).unwrap_or(&self.canonical);
        living.split(':').next().unwrap_or(living)
    }

    /// What stands behind the kind.
    pub fn value(&self) -> Option<&str> {
        let living = self.canonical.strip_prefix(DELETED).unwrap_or(&self.canonical);
        living.split_once(':').map(|(_, value)| value)
    }

    /// Whether it stands for everybody on the internet, signed in or not.
    pub fn is_public(&self) -> bool {
        EVERYBODY.contains(&self.canonical.as_str())
    }

    /// Whether it is what is left of a deleted account. It does not stand for a living one of the same email.
    pub fn is_deleted(&self) -> bool {
        self.canonical.starts_with(DELETED)
    }

    /// The living member that this was before it was deleted.
    pub fn before_deletion(&self) -> Option<Member> {
        let living = self.canonical.strip_prefix(DELETED)?.split('?').next()?;
        Some(Member { text: living.to_owned(), canonical: living.to_owned() })
    }

    /// As it is sent and compared: emails in lower case.
    pub fn to_wire(&self) -> &str {
        &self.canonical
    }

    /// As it is sent, with the project of a principal by number, which is the only form that IAM takes.
    pub fn to_wire_in(&self, project: &ProjectRef) -> String {
        match project.number {
            Some(number) if self.kind().starts_with("principal") => {
                let by_id = format!("/projects/{}/", project.id);
                self.canonical.replacen(&by_id, &format!("/projects/{number}/"), 1)
            }
            _ => self.canonical.clone(),
        }
    }

    /// Whether both are the same member, be a project in them given by id or by number.
    pub fn is_same(&self, other: &Member, project: &ProjectRef) -> bool {
        self.to_wire_in(project) == other.to_wire_in(project)
    }
}

impl FromStr for Member {
    type Err = MemberError;

    fn from_str(text: &str) -> Result<Member, MemberError> {
        if text.is_empty() {
            return Err(MemberError::Empty);
        }
        let canonical = match text.strip_prefix(DELETED) {
            Some(living) => format!("{DELETED}{}", canonical(living)?),
            None => canonical(text)?,
        };
        Ok(Member { text: text.to_owned(), canonical })
    }
}

fn canonical(text: &str) -> Result<String, MemberError> {
    if EVERYBODY.contains(&text) {
        return Ok(text.to_owned());
    }
    let (kind, value) =
        text.split_once(':').ok_or_else(|| misspelt(text, &EVERYBODY).unwrap_or(MemberError::NoKind))?;
    let known = |kinds: &[&'static str]| kinds.iter().copied().find(|known| *known == kind);
    if let Some(kind) = known(&FOLDED) {
        let legal = match kind {
            "domain" => value.contains('.'),
            // A service account may also be a Kubernetes one: `PROJECT.svc.id.goog[NAMESPACE/NAME]`.
            "serviceAccount" if value.contains(".svc.id.goog[") => true,
            _ => value.split('@').filter(|part| !part.is_empty()).count() == 2,
        };
        if !legal || value.contains(char::is_whitespace) {
            return Err(if kind == "domain" { MemberError::Value(kind) } else { MemberError::Email(kind) });
        }
        return Ok(format!("{kind}:{}", fold(value)));
    }
    if let Some(kind) = known(&EXACT) {
        if value.is_empty() || value.contains(char::is_whitespace) {
            return Err(MemberError::Value(kind));
        }
        return Ok(text.to_owned());
    }
    Err(misspelt(kind, &FOLDED)
        .or_else(|| misspelt(kind, &EXACT))
        .unwrap_or_else(|| MemberError::Kind(kind.to_owned())))
}

/// The email in lower case; the unique id of a deleted one is digits.
fn fold(value: &str) -> String {
    value.to_ascii_lowercase()
}

fn misspelt(kind: &str, known: &[&'static str]) -> Option<MemberError> {
    known.iter().find(|known| known.eq_ignore_ascii_case(kind)).map(|known| MemberError::KindSpelling(known))
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Member) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Member {}

impl Hash for Member {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl PartialOrd for Member {
    fn partial_cmp(&self, other: &Member) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Member {
    fn cmp(&self, other: &Member) -> std::cmp::Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

super::text_scalar!(Member, canonical: |member: &Member| member.canonical.clone());

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn member(text: &str) -> Member {
        text.parse().unwrap()
    }

    #[test]
    fn emails_compare_in_any_case_and_principals_exactly() {
        assert_eq!(member("user:Ann@Example.com"), member("user:ann@example.com"));
        assert_eq!(member("user:Ann@Example.com").to_string(), "user:Ann@Example.com");
        let set = |value: &str| {
            member(&format!("principalSet://iam.googleapis.com/projects/42/x/attribute.repository/{value}"))
        };
        assert_ne!(set("Org/Repo"), set("org/repo"));
    }

    #[test]
    fn a_principals_project_is_sent_by_number() {
        let project = ProjectRef { id: "my-project".parse().unwrap(), number: Some(42) };
        let by_id =
            member("principalSet://iam.googleapis.com/projects/my-project/locations/global/workloadIdentityPools/p/*");
        let by_number =
            member("principalSet://iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p/*");
        assert_eq!(by_id.to_wire_in(&project), by_number.to_wire());
        assert!(by_id.is_same(&by_number, &project));
    }

    #[test]
    fn a_deleted_account_is_not_the_living_one_but_leads_to_it() {
        let gone = member("deleted:serviceAccount:A@p.iam.gserviceaccount.com?uid=123");
        let living = Member::service_account("a@p.iam.gserviceaccount.com");
        assert!(gone.is_deleted() && gone != living);
        assert_eq!(gone.before_deletion(), Some(living));
        assert_eq!(gone.kind(), "serviceAccount");
    }

    #[test]
    fn everybody_is_public() {
        assert!(
            member("allUsers").is_public()
                && member("allAuthenticatedUsers").is_public()
                && !member("user:a@b.c").is_public()
        );
    }

    #[test]
    fn refusals_have_reasons() {
        for (text, expected) in [
            ("", MemberError::Empty),
            ("api", MemberError::NoKind),
            ("allusers", MemberError::KindSpelling("allUsers")),
            ("serviceaccount:a@b.c", MemberError::KindSpelling("serviceAccount")),
            ("robot:a@b.c", MemberError::Kind("robot".to_owned())),
            ("user:ann", MemberError::Email("user")),
            ("serviceAccount:", MemberError::Email("serviceAccount")),
            ("domain:nodots", MemberError::Value("domain")),
            ("principal:", MemberError::Value("principal")),
        ] {
            assert_eq!(text.parse::<Member>(), Err(expected), "{text:?}");
        }
        assert!("serviceAccount:p.svc.id.goog[ns/name]".parse::<Member>().is_ok());
    }

    proptest! {
        #[test]
        fn the_wire_form_is_equal_and_stays_as_it_is(name in "[A-Za-z0-9.]{1,12}", kind in "user|group|serviceAccount") {
            let own = member(&format!("{kind}:{name}@Example.COM"));
            let wire = member(own.to_wire());
            prop_assert_eq!(&wire, &own);
            prop_assert_eq!(wire.to_wire(), own.to_wire());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            if let Ok(parsed) = text.parse::<Member>() {
                prop_assert_eq!(parsed.to_string(), text);
            }
        }
    }
}
