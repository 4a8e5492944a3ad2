//! Which events are logged: Terraform's environment variables, and a bar for crates that see secrets.

use tracing::Metadata;
use tracing::metadata::LevelFilter;

/// Crates that trace whole requests, authorization headers too: never more than warnings.
const TRANSPORT: [&str; 10] =
    ["h2", "hyper", "hyper_util", "hyper_rustls", "reqwest", "rustls", "tokio_rustls", "tonic", "tower", "gcp_auth"];

const SDK: &str = "tfplugin";

/// The least important events that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Levels {
    provider: LevelFilter,
    sdk: LevelFilter,
}

impl Levels {
    /// What the environment asks for: `TF_LOG_PROVIDER_<NAME>`, else `TF_LOG_PROVIDER`, else `TF_LOG`, else nothing;
    /// `TF_LOG_SDK` for the SDK's own.
    pub(super) fn read(name: &str, environment: impl Fn(&str) -> Option<String>) -> Self {
        let level = |variable: &str| environment(variable).filter(|text| !text.is_empty()).map(|text| parse(&text));
        let own = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
        let provider =
            level(&own).or_else(|| level("TF_LOG_PROVIDER")).or_else(|| level("TF_LOG")).unwrap_or(LevelFilter::OFF);
        Self { provider, sdk: level("TF_LOG_SDK").unwrap_or(provider) }
    }

    /// Whether nothing is logged at all.
    pub(super) fn is_silent(self) -> bool {
        self.most() == LevelFilter::OFF
    }

    /// The most talkative of the levels.
    pub(super) fn most(self) -> LevelFilter {
        self.provider.max(self.sdk)
    }

    /// Whether an event or span is logged.
    pub(super) fn allow(self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.of(metadata.target())
    }

    fn of(self, target: &str) -> LevelFilter {
        match target.split("::").next().unwrap_or(target) {
            SDK => self.sdk,
            krate if TRANSPORT.contains(&krate) => self.provider.min(LevelFilter::WARN),
            _ => self.provider,
        }
    }
}

/// Terraform's names; `JSON`, and what is no name, mean everything.
fn parse(text: &str) -> LevelFilter {
    match text.trim().to_uppercase().as_str() {
        "OFF" => LevelFilter::OFF,
        "ERROR" => LevelFilter::ERROR,
        "WARN" => LevelFilter::WARN,
        "INFO" => LevelFilter::INFO,
        "DEBUG" => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Levels {
        Levels::read("ml-ops", |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn nothing_is_logged_unless_asked_for() {
        assert!(read(&[]).is_silent());
    }

    #[test]
    fn the_most_particular_variable_wins() {
        let levels = read(&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "INFO"), ("TF_LOG_PROVIDER_ML_OPS", "ERROR")]);
        assert_eq!(levels.provider, LevelFilter::ERROR);
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert_eq!(read(&[("TF_LOG", "debug"), ("TF_LOG_PROVIDER", "")]).provider, LevelFilter::DEBUG);
    }

    #[test]
    fn json_and_nonsense_mean_everything() {
        assert_eq!(
            [parse("JSON"), parse("chatty"), parse("off")],
            [LevelFilter::TRACE, LevelFilter::TRACE, LevelFilter::OFF]
        );
    }

    #[test]
    fn the_sdk_has_a_level_of_its_own() {
        let levels = read(&[("TF_LOG", "INFO"), ("TF_LOG_SDK", "TRACE")]);
        assert_eq!([levels.of("tfplugin::rpc"), levels.of("mlops::stack")], [LevelFilter::TRACE, LevelFilter::INFO]);
    }

    #[test]
    fn crates_that_see_headers_only_warn() {
        assert_eq!(read(&[("TF_LOG", "TRACE")]).of("hyper::client"), LevelFilter::WARN);
    }
}
