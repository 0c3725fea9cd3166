//! What an ID token says (OpenID Connect Core §2).

use miniserde::{
    Deserialize, Error, Result,
    de::{Seq, Visitor},
    make_place,
};

#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audiences,
    pub(super) azp: Option<String>,
    pub(super) exp: Seconds,
    pub(super) iat: Seconds,
    pub(super) nbf: Option<Seconds>,
    pub(super) nonce: Option<String>,
}

/// One text, or an array of them.
pub(super) struct Audiences(pub(super) Vec<String>);

/// A `NumericDate`, which may have a fraction (RFC 7519 §2).
#[derive(Clone, Copy)]
pub(super) struct Seconds(pub(super) i64);

make_place!(Place);

impl Deserialize for Audiences {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

impl Visitor for Place<Audiences> {
    fn string(&mut self, audience: &str) -> Result<()> {
        self.out = Some(Audiences(vec![audience.to_owned()]));
        Ok(())
    }

    fn seq(&mut self) -> Result<Box<dyn Seq + '_>> {
        Ok(Box::new(Several {
            all: &mut self.out,
            before: Vec::new(),
            last: None,
        }))
    }
}

struct Several<'o> {
    all: &'o mut Option<Audiences>,
    before: Vec<String>,
    last: Option<String>,
}

impl Seq for Several<'_> {
    fn element(&mut self) -> Result<&mut dyn Visitor> {
        self.before.extend(self.last.take());
        Ok(Deserialize::begin(&mut self.last))
    }

    fn finish(&mut self) -> Result<()> {
        self.before.extend(self.last.take());
        *self.all = Some(Audiences(std::mem::take(&mut self.before)));
        Ok(())
    }
}

impl Deserialize for Seconds {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

impl Visitor for Place<Seconds> {
    fn negative(&mut self, seconds: i64) -> Result<()> {
        self.out = Some(Seconds(seconds));
        Ok(())
    }

    fn nonnegative(&mut self, seconds: u64) -> Result<()> {
        self.out = Some(Seconds(seconds.try_into().map_err(|_| Error)?));
        Ok(())
    }

    fn float(&mut self, seconds: f64) -> Result<()> {
        if !seconds.is_finite() {
            return Err(Error);
        }
        // The conversion saturates.
        self.out = Some(Seconds(seconds as i64));
        Ok(())
    }
}
