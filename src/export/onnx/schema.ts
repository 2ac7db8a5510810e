// The part of ONNX's schema that is written here, with its messages, field names and numbers: onnx/onnx.proto of
// the ONNX project (https://github.com/onnx/onnx, Apache-2.0), IR version 8. A reader of the whole schema reads it.

import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto3";
package onnx;

message AttributeProto {
  string name = 1;
  int64 i = 3;
  float f = 2;
  TensorProto t = 5;
  repeated int64 ints = 8;
  AttributeType type = 20;
  enum AttributeType { UNDEFINED = 0; FLOAT = 1; INT = 2; TENSOR = 4; INTS = 7; }
}
message ValueInfoProto { string name = 1; TypeProto type = 2; string doc_string = 3; }
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  string name = 3;
  string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message ModelProto {
  int64 ir_version = 1;
  string producer_name = 2;
  string producer_version = 3;
  string domain = 4;
  int64 model_version = 5;
  string doc_string = 6;
  GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
  repeated StringStringEntryProto metadata_props = 14;
}
message StringStringEntryProto { string key = 1; string value = 2; }
message GraphProto {
  repeated NodeProto node = 1;
  string name = 2;
  repeated TensorProto initializer = 5;
  string doc_string = 10;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message TensorProto {
  repeated int64 dims = 1;
  int32 data_type = 2;
  string name = 8;
  bytes raw_data = 9;
}
message TensorShapeProto {
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  repeated Dimension dim = 1;
}
message TypeProto {
  message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; }
  oneof value { Tensor tensor_type = 1; }
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
`;

export const FLOAT = 1;
export const ATTRIBUTE = { float: 1, int: 2, tensor: 4, ints: 7 } as const;

export interface Tensor {
  readonly dims: readonly number[];
  readonly data_type: number;
  readonly name?: string;
  /** Little-endian. */
  readonly raw_data: Uint8Array;
}

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
  readonly t?: Tensor;
}

export interface OnnxNode {
  readonly name: string;
  readonly op_type: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly Attribute[];
}

export interface ValueInfo {
  readonly name: string;
  readonly doc_string: string;
  readonly type: {
    readonly tensor_type: {
      readonly elem_type: number;
      readonly shape: {
        readonly dim: readonly ({ readonly dim_param: string } | { readonly dim_value: number })[];
      };
    };
  };
}

export interface OnnxModel {
  readonly ir_version: number;
  readonly producer_name: string;
  readonly producer_version: string;
  readonly doc_string: string;
  readonly opset_import: readonly { readonly domain: string; readonly version: number }[];
  readonly metadata_props: readonly { readonly key: string; readonly value: string }[];
  readonly graph: {
    readonly name: string;
    readonly doc_string: string;
    readonly node: readonly OnnxNode[];
    readonly initializer: readonly Tensor[];
    readonly input: readonly ValueInfo[];
    readonly output: readonly ValueInfo[];
  };
}

const { root } = protobuf.parse(SCHEMA, { keepCase: true });
const MODEL = root.lookupType('onnx.ModelProto');

export function encodeModel(model: OnnxModel): Uint8Array {
  const wrong = MODEL.verify(model);
  if (wrong !== null) throw new Error(`not an ONNX model: ${wrong}`);
  return MODEL.encode(model).finish();
}
