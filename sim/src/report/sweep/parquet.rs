use std::sync::Arc;

use parquet::{
    basic::{LogicalType, Repetition, Type as Physical},
    data_type::{ByteArray, ByteArrayType, DoubleType},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::types::Type,
};

use super::columns::{Cells, Column, columns};
use crate::sweep::Merged;

/// A sweep as an Apache Parquet file, for pandas, DuckDB, Polars and the like: the same table as the CSV
/// file, with types.
///
/// # Errors
///
/// Fails only if memory does.
pub fn sweep_parquet(sweep: &Merged) -> anyhow::Result<Vec<u8>> {
    let columns = columns(sweep);
    let fields = columns.iter().map(|column| Ok(Arc::new(field(column)?)));
    let fields: Vec<_> = fields.collect::<anyhow::Result<_>>()?;
    let schema = Type::group_type_builder("sweep")
        .with_fields(fields)
        .build()?;
    let properties = WriterProperties::builder()
        .set_created_by("paceline-sim".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let mut rest = columns.iter();
    while let (Some(mut out), Some(column)) = (group.next_column()?, rest.next()) {
        match &column.cells {
            Cells::Text(texts) => {
                let values: Vec<ByteArray> =
                    texts.iter().map(|text| text.as_str().into()).collect();
                out.typed::<ByteArrayType>()
                    .write_batch(&values, None, None)?;
            }
            Cells::Numbers(numbers) => {
                let values: Vec<f64> = numbers.iter().copied().flatten().collect();
                let levels: Vec<i16> = numbers.iter().map(|it| i16::from(it.is_some())).collect();
                out.typed::<DoubleType>()
                    .write_batch(&values, Some(&levels), None)?;
            }
        }
        out.close()?;
    }
    group.close()?;
    Ok(writer.into_inner()?)
}

fn field(column: &Column) -> anyhow::Result<Type> {
    let builder = match &column.cells {
        Cells::Text(_) => Type::primitive_type_builder(&column.name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_repetition(Repetition::REQUIRED),
        Cells::Numbers(_) => Type::primitive_type_builder(&column.name, Physical::DOUBLE)
            .with_repetition(Repetition::OPTIONAL),
    };
    Ok(builder.build()?)
}
