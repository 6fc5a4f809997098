package warehouse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/decimal128"
	"github.com/apache/arrow/go/v15/arrow/decimal256"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"google.golang.org/api/iterator"
)

// randomness names jobs that are not to be found again.
var randomness = rand.Reader

// Scales of BigQuery's decimals, which are exact.
const (
	numericScale    = 9
	bigNumericScale = 38
)

// arrowOf returns the Arrow type that keeps the values of a type as they are; nil for types that no line has.
func arrowOf(t bigquery.FieldType) arrow.DataType {
	switch t {
	case bigquery.StringFieldType, bigquery.BooleanFieldType, bigquery.TimeFieldType:
		return arrow.BinaryTypes.String
	case bigquery.IntegerFieldType:
		return arrow.PrimitiveTypes.Int64
	case bigquery.FloatFieldType:
		return arrow.PrimitiveTypes.Float64
	case bigquery.NumericFieldType:
		return &arrow.Decimal128Type{Precision: 38, Scale: numericScale}
	case bigquery.BigNumericFieldType:
		return &arrow.Decimal256Type{Precision: 76, Scale: bigNumericScale}
	case bigquery.DateFieldType:
		return arrow.PrimitiveTypes.Date32
	case bigquery.DateTimeFieldType:
		return &arrow.TimestampType{Unit: arrow.Microsecond}
	case bigquery.TimestampFieldType: // an instant, which the reader of the file puts into the shop's zone
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	}
	return nil
}

// batchRows is how many rows a batch of the file has.
const batchRows = 16 << 10

// writeArrow writes rows as an Arrow file.
func writeArrow(ctx context.Context, into io.WriteSeeker, columns []leaf, next func(*[]bigquery.Value) error) (rows int64, err error) {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: arrowOf(c.path[len(c.path)-1].Type), Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	w, err := ipc.NewFileWriter(into, ipc.WithSchema(schema))
	if err != nil {
		return 0, err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	flush := func() error {
		rec := b.NewRecord()
		defer rec.Release()
		return w.Write(rec)
	}
	var row []bigquery.Value
	for {
		if rows%batchRows == 0 && ctx.Err() != nil {
			return rows, context.Cause(ctx)
		}
		err := next(&row)
		if errors.Is(err, iterator.Done) {
			break
		}
		if err != nil {
			return rows, err
		}
		for i, v := range row {
			if err := appendValue(b.Field(i), v); err != nil {
				return rows, fmt.Errorf("column %s: %w", columns[i].name, err)
			}
		}
		if rows++; rows%batchRows == 0 {
			if err := flush(); err != nil {
				return rows, err
			}
		}
	}
	if rows%batchRows > 0 || rows == 0 {
		if err := flush(); err != nil {
			return rows, err
		}
	}
	return rows, w.Close()
}

// appendValue appends a value as the client has it.
func appendValue(to array.Builder, v bigquery.Value) error {
	switch v := v.(type) {
	case nil:
		to.AppendNull()
	case string:
		to.(*array.StringBuilder).Append(v)
	case bool:
		to.(*array.StringBuilder).Append(strconv.FormatBool(v))
	case civil.Time:
		to.(*array.StringBuilder).Append(v.String())
	case int64:
		to.(*array.Int64Builder).Append(v)
	case float64:
		to.(*array.Float64Builder).Append(v)
	case *big.Rat:
		return appendDecimal(to, v)
	case civil.Date:
		to.(*array.Date32Builder).Append(arrow.Date32FromTime(v.In(time.UTC)))
	case civil.DateTime:
		to.(*array.TimestampBuilder).Append(arrow.Timestamp(v.In(time.UTC).UnixMicro()))
	case time.Time:
		to.(*array.TimestampBuilder).Append(arrow.Timestamp(v.UnixMicro()))
	default:
		return fmt.Errorf("a value of type %T", v)
	}
	return nil
}

// appendDecimal appends a NUMERIC or a BIGNUMERIC, exactly.
func appendDecimal(to array.Builder, v *big.Rat) error {
	scale := numericScale
	if _, wide := to.(*array.Decimal256Builder); wide {
		scale = bigNumericScale
	}
	whole := new(big.Rat).Mul(v, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	if !whole.IsInt() {
		return fmt.Errorf("%s has more than %d decimals", v.RatString(), scale)
	}
	switch b := to.(type) {
	case *array.Decimal128Builder:
		b.Append(decimal128.FromBigInt(whole.Num()))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromBigInt(whole.Num()))
	}
	return nil
}
