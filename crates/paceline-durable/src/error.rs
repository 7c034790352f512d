use std::{error, fmt, sync::Arc};

use paceline_core::Denied;

use crate::StoreError;

/// Why a durable quota could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The window rolls: what is used leaves bit by bit, and one mark cannot say when.
    Rolling,
    /// The quota was counted in a window of another kind, length or time zone. Under another name it can be
    /// counted anew.
    OtherWindow,
    /// The store failed.
    Store(StoreError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rolling => "a durable quota needs a window that ends as a whole, and rolling ones do not",
            Self::OtherWindow => {
                "quota was counted in a window of another kind, length or time zone; give it another name to count anew"
            }
            Self::Store(err) => return err.fmt(f),
        })
    }
}

impl error::Error for OpenError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Store(err) => Some(err),
            _ => None,
        }
    }
}

impl From<StoreError> for OpenError {
    fn from(err: StoreError) -> Self {
        Self::Store(err)
    }
}

/// Why nothing was granted.
#[derive(Clone, Debug)]
pub enum NotGranted {
    /// The quota refuses.
    Denied(Denied),
    /// The store has failed, and no wait cures that.
    Store(Arc<StoreError>),
}

impl fmt::Display for NotGranted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::Store(err) => err.fmt(f),
        }
    }
}

impl error::Error for NotGranted {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Denied(denied) => Some(denied),
            Self::Store(err) => Some(err.as_ref()),
        }
    }
}
