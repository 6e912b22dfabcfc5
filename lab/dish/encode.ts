/** The bytes of a dish's answer given as plain data, for stand-ins and tests: by protobufjs, not by the code that reads them. */
import protobuf from "protobufjs/light.js";
import schema from "../../daemon/sense/starlink/dish-schema.json" with { type: "json" };

const response = protobuf.Root.fromJSON(schema).lookupType("SpaceX.API.Device.Response");

export function encodeAnswer(plain: Readonly<Record<string, unknown>>): Uint8Array {
	return response.encode(response.fromObject(plain)).finish();
}

/** What protobufjs makes of the bytes; for comparison. */
export function decodeByLibrary(bytes: Uint8Array): Record<string, unknown> {
	return response.toObject(response.decode(bytes), { longs: Number, enums: Number });
}
