//! Database engines and their versions, as the API writes them: `POSTGRES_9_6`, `MYSQL_8_0_36`, `SQLSERVER_2022_STANDARD`.

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// MySQL.
    MySql,
    /// PostgreSQL.
    Postgres,
    /// Microsoft SQL Server.
    SqlServer,
}

impl Family {
    /// The engine of a version.
    pub(super) fn of(version: &str) -> Option<Self> {
        match version.split('_').next()? {
            "MYSQL" => Some(Self::MySql),
            "POSTGRES" => Some(Self::Postgres),
            "SQLSERVER" => Some(Self::SqlServer),
            _ => None,
        }
    }

    /// The databases that come with an instance.
    pub(super) fn databases(self) -> &'static [&'static str] {
        match self {
            Self::MySql => &["information_schema", "mysql", "performance_schema", "sys"],
            Self::Postgres => &["postgres"],
            Self::SqlServer => &["master", "model", "msdb", "tempdb"],
        }
    }

    /// The users that come with an instance.
    pub(super) fn users(self) -> &'static [&'static str] {
        match self {
            Self::MySql => &["root"],
            Self::Postgres => &["postgres"],
            Self::SqlServer => &["sqlserver"],
        }
    }

    /// The user that owns an instance, with its host.
    pub(super) fn root(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::MySql => ("root", Some("%")),
            Self::Postgres => ("postgres", None),
            Self::SqlServer => ("sqlserver", None),
        }
    }

    /// The flag that lets IAM users in.
    pub(super) fn iam_flag(self) -> Option<&'static str> {
        match self {
            Self::MySql => Some("cloudsql_iam_authentication"),
            Self::Postgres => Some("cloudsql.iam_authentication"),
            Self::SqlServer => None,
        }
    }
}

/// The numbers of a version, to tell older from newer.
pub(super) fn numbers(version: &str) -> Vec<u32> {
    version.split('_').filter_map(|part| part.parse().ok()).collect()
}

/// Whether `is` is an older version than `was`, of the same engine.
pub(super) fn is_older(was: &str, is: &str) -> bool {
    let (was, is) = (numbers(was), numbers(is));
    let common = was.len().min(is.len());
    is[..common] < was[..common]
}
