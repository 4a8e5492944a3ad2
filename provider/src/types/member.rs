//! Members of IAM policies: `serviceAccount:E`, `user:E`, `allUsers`, `principalSet://…`.
//! How they compare is Google's to say: see `google::iam`.

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
    /// A principal whose project is not written by its number.
    #[error("the project of a {0} is written by its number, as projects/123456789012/…; it is {1}")]
    Project(&'static str, String),
    /// Nothing behind the kind.
    #[error("behind {0}: something is missing, or there are spaces")]
    Value(&'static str),
}

/// Kinds whose value is an email or a domain.
const ADDRESSES: [&str; 4] = ["user", "group", "serviceAccount", "domain"];
/// All others that have a value.
const OTHERS: [&str; 6] =
    ["principal", "principalSet", "principalHierarchy", "projectOwner", "projectEditor", "projectViewer"];
const EVERYBODY: [&str; 2] = ["allUsers", "allAuthenticatedUsers"];
const DELETED: &str = "deleted:";
/// How the value of a principal of a project begins.
const IN_A_PROJECT: &str = "//iam.googleapis.com/projects/";

/// Checks the text of a member.
///
/// # Errors
/// With the reason, when it is none.
pub fn check_member(text: &str) -> Result<(), MemberError> {
    if text.is_empty() {
        return Err(MemberError::Empty);
    }
    let living = text.strip_prefix(DELETED).unwrap_or(text);
    if EVERYBODY.contains(&living) {
        return Ok(());
    }
    let (kind, value) =
        living.split_once(':').ok_or_else(|| misspelt(living, &EVERYBODY).unwrap_or(MemberError::NoKind))?;
    let known = |kinds: &[&'static str]| kinds.iter().copied().find(|known| *known == kind);
    if let Some(kind) = known(&ADDRESSES) {
        let legal = match kind {
            "domain" => value.contains('.'),
            // A service account may also be a Kubernetes one: `PROJECT.svc.id.goog[NAMESPACE/NAME]`.
            "serviceAccount" if value.contains(".svc.id.goog[") => true,
            _ => value.split('@').filter(|part| !part.is_empty()).count() == 2,
        };
        return match legal && !value.contains(char::is_whitespace) {
            true => Ok(()),
            false if kind == "domain" => Err(MemberError::Value(kind)),
            false => Err(MemberError::Email(kind)),
        };
    }
    if let Some(kind) = known(&OTHERS) {
        if value.is_empty() || value.contains(char::is_whitespace) {
            return Err(MemberError::Value(kind));
        }
        let project = value.strip_prefix(IN_A_PROJECT).and_then(|path| path.split('/').next());
        return match project.filter(|project| !project.bytes().all(|byte| byte.is_ascii_digit())) {
            // What is filled in is not known here.
            Some(project) if !project.contains('{') => Err(MemberError::Project(kind, project.to_owned())),
            _ => Ok(()),
        };
    }
    Err(misspelt(kind, &ADDRESSES)
        .or_else(|| misspelt(kind, &OTHERS))
        .unwrap_or_else(|| MemberError::Kind(kind.to_owned())))
}

fn misspelt(kind: &str, known: &[&'static str]) -> Option<MemberError> {
    known.iter().find(|known| known.eq_ignore_ascii_case(kind)).map(|known| MemberError::KindSpelling(known))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (
                "principalSet://iam.googleapis.com/projects/my-project/locations/global/workloadIdentityPools/p/*",
                MemberError::Project("principalSet", "my-project".to_owned()),
            ),
        ] {
            assert_eq!(check_member(text), Err(expected), "{text:?}");
        }
        assert!(check_member("serviceAccount:p.svc.id.goog[ns/name]").is_ok());
        assert!(check_member("deleted:serviceAccount:a@p.iam.gserviceaccount.com?uid=123").is_ok());
    }
}
