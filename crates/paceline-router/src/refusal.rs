use core::time::Duration;

use paceline_core::{Class, Feedback, Timestamp};

/// How much a refusal is about, and so how much it excludes.
///
/// Keys and models belong to a provider: equal labels at two providers are two keys.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scope {
    /// This key on this model: the other models of the key, and the other keys, stay. So are the
    /// limits of a dimension or window of such a target.
    Target,
    /// This key, on every model of its provider.
    Key,
    /// This model of the provider, whatever the key.
    Model,
    /// Everything at the provider.
    Provider,
}

/// What a target answered instead of serving.
///
/// A request that is too large for a model is none of these: the target refused nothing else, so
/// there is nothing to exclude.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// A limit is used up: of pace, or a quota.
    Limited {
        /// Whose limit.
        scope: Scope,
        /// When it has room again, and exactly then the targets return. Without it, or if it has
        /// passed, as for [`Overloaded`](Self::Overloaded) without a hint.
        until: Option<Timestamp>,
    },
    /// The account does not pay. The key is excluded everywhere until it is
    /// [reinstated](crate::Router::reinstate).
    Billing,
    /// The server has too much to do, whoever asks.
    ///
    /// Excludes for a while that grows with every such refusal until a success, and is jittered.
    Overloaded {
        /// What is overloaded: mostly a [model](Scope::Model).
        scope: Scope,
        /// What the server said. The jittered while comes on top.
        retry_after: Option<Duration>,
    },
}

impl Refusal {
    /// What a response that arrived at `now` refused; `None` if it excludes nothing.
    ///
    /// Responses seldom say how much they are about. A limit is taken for one of this key on this model,
    /// until the time that the response names, and an overload for one of the model; who knows better
    /// writes another scope.
    ///
    /// # Examples
    ///
    /// ```
    /// use paceline_core::{Class, Feedback, Timestamp};
    /// use paceline_router::Refusal;
    ///
    /// let now = Timestamp::EPOCH;
    /// assert_eq!(Refusal::told_by(&Feedback::new(Class::Billing), now), Some(Refusal::Billing));
    /// assert_eq!(Refusal::told_by(&Feedback::new(Class::TooLarge), now), None);
    /// ```
    pub fn told_by(feedback: &Feedback, now: Timestamp) -> Option<Self> {
        match feedback.class {
            Class::Pace | Class::Quota => {
                let hinted = feedback.hint.map(|hint| hint.at);
                let resets = || feedback.refused_by()?.reset_at;
                let until = hinted.or_else(resets);
                let scope = Scope::Target;
                Some(Self::Limited { scope, until })
            }
            Class::Billing => Some(Self::Billing),
            Class::Overload => Some(Self::Overloaded {
                scope: Scope::Model,
                retry_after: feedback.retry_after(now),
            }),
            _ => None,
        }
    }
}
