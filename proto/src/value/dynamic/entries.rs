//! The entries of maps and objects: sorted, compact, and shared until they are changed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::Dynamic;
use crate::Name;

/// The entries of a map or an object, sorted by name. Used as a `BTreeMap`; a clone is cheap and shares them all, and a
/// change copies the entries of this one map only.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entries(Arc<Vec<(Name, Dynamic)>>);

type Pair = (Name, Dynamic);
type ByRef<'a> = std::iter::Map<std::slice::Iter<'a, Pair>, fn(&'a Pair) -> (&'a Name, &'a Dynamic)>;
type ByMut<'a> = std::iter::Map<std::slice::IterMut<'a, Pair>, fn(&'a mut Pair) -> (&'a Name, &'a mut Dynamic)>;

impl Entries {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// No entries, to be borrowed.
    pub fn none() -> &'static Self {
        static NONE: LazyLock<Entries> = LazyLock::new(Entries::new);
        &NONE
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Dynamic> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// The value of `name`, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Dynamic> {
        self.find(name).ok().map(|at| &mut Arc::make_mut(&mut self.0)[at].1)
    }

    /// Whether there is an entry `name`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Sets the value of `name`; answers with the one before.
    pub fn insert(&mut self, name: impl Into<Name>, value: Dynamic) -> Option<Dynamic> {
        let name = name.into();
        let pairs = Arc::make_mut(&mut self.0);
        // Whoever builds in order pays for no search.
        let at = match pairs.last() {
            Some((last, _)) if *last >= name => pairs.binary_search_by(|(other, _)| other.cmp(&name)),
            _ => Err(pairs.len()),
        };
        match at {
            Ok(at) => Some(std::mem::replace(&mut pairs[at].1, value)),
            Err(at) => {
                pairs.insert(at, (name, value));
                None
            }
        }
    }

    /// The value of `name`, to be changed; null where there was none.
    pub fn slot(&mut self, name: impl Into<Name>) -> &mut Dynamic {
        let name = name.into();
        let at = self.find(&name);
        let pairs = Arc::make_mut(&mut self.0);
        let at = at.unwrap_or_else(|at| {
            pairs.insert(at, (name, Dynamic::Null));
            at
        });
        &mut pairs[at].1
    }

    /// Takes the entry `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Dynamic> {
        let at = self.find(name).ok()?;
        Some(Arc::make_mut(&mut self.0).remove(at).1)
    }

    /// Keeps the entries that `keep` says yes to.
    pub fn retain(&mut self, mut keep: impl FnMut(&Name, &mut Dynamic) -> bool) {
        Arc::make_mut(&mut self.0).retain_mut(|(name, value)| keep(name, value));
    }

    /// The entries in order.
    pub fn iter(&self) -> ByRef<'_> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The entries in order, their values to be changed.
    pub fn iter_mut(&mut self) -> ByMut<'_> {
        Arc::make_mut(&mut self.0).iter_mut().map(|(name, value)| (&*name, value))
    }

    /// The names in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Name> + DoubleEndedIterator + Clone {
        self.0.iter().map(|(name, _)| name)
    }

    /// The values in the order of their names.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Dynamic> + DoubleEndedIterator + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values in the order of their names, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Dynamic> {
        self.iter_mut().map(|(_, value)| value)
    }

    /// The names by move.
    pub fn into_keys(self) -> impl Iterator<Item = Name> {
        self.into_iter().map(|(name, _)| name)
    }

    /// The values by move.
    pub fn into_values(self) -> impl Iterator<Item = Dynamic> {
        self.into_iter().map(|(_, value)| value)
    }

    /// Entries in any order; of several with one name the last counts.
    fn of(mut pairs: Vec<Pair>) -> Self {
        if !pairs.is_sorted_by(|(a, _), (b, _)| a < b) {
            pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
            pairs.reverse();
            pairs.dedup_by(|(a, _), (b, _)| a == b);
            pairs.reverse();
        }
        pairs.shrink_to_fit();
        Self(Arc::new(pairs))
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl IntoIterator for Entries {
    type Item = Pair;
    type IntoIter = std::vec::IntoIter<Pair>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = (&'a Name, &'a Dynamic);
    type IntoIter = ByRef<'a>;

    fn into_iter(self) -> ByRef<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Entries {
    type Item = (&'a Name, &'a mut Dynamic);
    type IntoIter = ByMut<'a>;

    fn into_iter(self) -> ByMut<'a> {
        self.iter_mut()
    }
}

impl<K: Into<Name>> FromIterator<(K, Dynamic)> for Entries {
    fn from_iter<I: IntoIterator<Item = (K, Dynamic)>>(pairs: I) -> Self {
        Self::of(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl<K: Into<Name>> Extend<(K, Dynamic)> for Entries {
    fn extend<I: IntoIterator<Item = (K, Dynamic)>>(&mut self, pairs: I) {
        for (name, value) in pairs {
            self.insert(name, value);
        }
    }
}

impl<K: Into<Name>, const N: usize> From<[(K, Dynamic); N]> for Entries {
    fn from(pairs: [(K, Dynamic); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<K: Into<Name>> From<BTreeMap<K, Dynamic>> for Entries {
    fn from(pairs: BTreeMap<K, Dynamic>) -> Self {
        pairs.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: &[&str]) -> Entries {
        names.iter().enumerate().map(|(at, name)| (*name, Dynamic::string(at.to_string()))).collect()
    }

    #[test]
    fn they_are_sorted_and_the_last_of_a_name_counts() {
        let made = entries(&["b", "a", "b"]);
        assert_eq!(made.keys().map(Name::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(made.get("b"), Some(&Dynamic::string("2")));
        let mut grown = Entries::new();
        grown.extend([("b", Dynamic::Null), ("a", Dynamic::string("1")), ("b", Dynamic::string("2"))]);
        assert_eq!(grown, made);
    }

    #[test]
    fn a_change_of_a_clone_leaves_the_first_as_it_was() {
        let first = entries(&["a", "b"]);
        let mut second = first.clone();
        assert!(Arc::ptr_eq(&first.0, &second.0));
        second.insert("c", Dynamic::Null);
        second.remove("a");
        *second.get_mut("b").unwrap() = Dynamic::Unknown;
        assert_eq!(first, entries(&["a", "b"]));
        assert_eq!(second, [("b", Dynamic::Unknown), ("c", Dynamic::Null)].into());
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let mut made = entries(&["a", "c"]);
        assert_eq!(made.remove("b"), None);
        assert_eq!((made.get("b"), made.contains_key("b"), made.contains_key("c")), (None, false, true));
    }

    #[test]
    fn a_value_of_the_tree_is_small() {
        assert!(size_of::<Dynamic>() <= 32, "{}", size_of::<Dynamic>());
    }
}
