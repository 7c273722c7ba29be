//! Bound parameters and rows, in the few kinds that both databases share.

use crate::StoreError;
use postgres::types::{IsNull, ToSql as PgToSql, Type, private::BytesMut};
use uuid::Uuid;

/// One bound parameter.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
    Id(Uuid),
}

macro_rules! values {
    ($($type:ty: |$v:ident| $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($v: $type) -> Self {
                $value
            }
        }
    )*};
}
values! {
    bool: |v| Value::Bool(v);
    i64: |v| Value::Int(v);
    i32: |v| Value::Int(v.into());
    i16: |v| Value::Int(v.into());
    u32: |v| Value::Int(v.into());
    f64: |v| Value::Real(v);
    &str: |v| Value::Text(v.into());
    String: |v| Value::Text(v);
    Vec<u8>: |v| Value::Bytes(v);
    &[u8]: |v| Value::Bytes(v.into());
    Uuid: |v| Value::Id(v);
    domain::UserId: |v| Value::Id(v.0);
    domain::MediaId: |v| Value::Id(v.0);
    domain::VersionId: |v| Value::Id(v.0);
    domain::BlobId: |v| Value::Id(v.0);
    domain::UploadId: |v| Value::Id(v.0);
    domain::SessionId: |v| Value::Id(v.0);
    domain::JobId: |v| Value::Id(v.0);
    domain::DownloadId: |v| Value::Id(v.0);
    domain::At: |v| Value::Int(v.0);
    domain::Month: |v| Value::Int(v.0);
    domain::Sha256: |v| Value::Bytes(v.0.to_vec());
    domain::Shelf: |v| Value::Text(v.as_str().into());
    domain::View: |v| Value::Text(v.as_str().into());
    domain::MediaKind: |v| Value::Text(v.as_str().into());
    domain::MediaState: |v| Value::Text(v.as_str().into());
    domain::RenditionKind: |v| Value::Text(v.as_str().into());
    domain::TakenSource: |v| Value::Text(v.as_str().into());
    domain::DescriptionSource: |v| Value::Text(v.as_str().into());
    domain::Role: |v| Value::Text(v.as_str().into());
    domain::UserStatus: |v| Value::Text(v.as_str().into());
    domain::EventKind: |v| Value::Text(v.as_str().into());
}
/// Sizes are counted in u64 everywhere and kept as BIGINT: 8 EiB are enough.
impl From<u64> for Value {
    fn from(v: u64) -> Self {
        Value::Int(i64::try_from(v).unwrap_or(i64::MAX))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput::*, Value as V, ValueRef};
        Ok(match self {
            Value::Null => Owned(V::Null),
            Value::Bool(b) => Owned(V::Integer(i64::from(*b))),
            Value::Int(i) => Owned(V::Integer(*i)),
            Value::Real(f) => Owned(V::Real(*f)),
            Value::Text(t) => Borrowed(ValueRef::Text(t.as_bytes())),
            Value::Bytes(b) => Borrowed(ValueRef::Blob(b)),
            Value::Id(u) => Borrowed(ValueRef::Blob(u.as_bytes())),
        })
    }
}

type Encoded = Result<IsNull, Box<dyn std::error::Error + Sync + Send>>;

impl PgToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Bool(b) => b.to_sql(ty, out),
            Value::Int(i) => i.to_sql(ty, out),
            Value::Real(f) => f.to_sql(ty, out),
            Value::Text(t) => t.to_sql(ty, out),
            Value::Bytes(b) => b.to_sql(ty, out),
            Value::Id(u) => u.to_sql(ty, out),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        let fits = match self {
            Value::Null => true,
            Value::Bool(_) => <bool as PgToSql>::accepts(ty),
            Value::Int(_) => <i64 as PgToSql>::accepts(ty),
            Value::Real(_) => <f64 as PgToSql>::accepts(ty),
            Value::Text(_) => <String as PgToSql>::accepts(ty),
            Value::Bytes(_) => <Vec<u8> as PgToSql>::accepts(ty),
            Value::Id(_) => <Uuid as PgToSql>::accepts(ty),
        };
        if fits {
            self.to_sql(ty, out)
        } else {
            Err(format!("{self:?} does not fit {ty}").into())
        }
    }
}

/// One row of either database.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

impl Row<'_> {
    /// The value of a column, counted from 0.
    pub fn get<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: rusqlite::types::FromSql + for<'a> postgres::types::FromSql<'a>,
    {
        Ok(match self {
            Row::Sqlite(r) => r.get(column)?,
            Row::Postgres(r) => r.try_get(column)?,
        })
    }
    /// A size or count, which is never negative.
    pub fn size(&self, column: usize) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.get::<i64>(column)?).unwrap_or(0))
    }
    /// One of a fixed set of words.
    pub fn word<T: std::str::FromStr>(
        &self,
        table: &'static str,
        name: &'static str,
        column: usize,
    ) -> Result<T, StoreError> {
        // Borrowed: a page of a month has two in each of its rows.
        let found: &str = match self {
            Row::Sqlite(r) => r.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?,
            Row::Postgres(r) => r.try_get(column)?,
        };
        found.parse().map_err(|_| StoreError::Corrupt {
            table,
            column: name,
            id: self.get::<Uuid>(0).map_or_else(|_| "a row".into(), |id| id.to_string()),
            found: found.chars().take(40).collect(),
        })
    }
    /// Exactly `N` bytes.
    pub fn bytes<const N: usize>(
        &self,
        table: &'static str,
        name: &'static str,
        column: usize,
    ) -> Result<[u8; N], StoreError> {
        let found: Vec<u8> = self.get(column)?;
        <[u8; N]>::try_from(found.as_slice()).map_err(|_| StoreError::Corrupt {
            table,
            column: name,
            id: self.get::<Uuid>(0).map_or_else(|_| "a row".into(), |id| id.to_string()),
            found: format!("{} bytes", found.len()),
        })
    }
}
