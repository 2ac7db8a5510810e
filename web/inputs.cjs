// A plugin of the code generator: the inputs of forms, as JSON. Field by field: type, default, what it is,
// and what an enumeration may be.

const { getNamedType, isEnumType, isListType, isNonNullType } = require('graphql');

const INPUTS = ['StartSearchInput', 'TrainArchitectureInput'];

const choice = ({ name, description }) => ({ name, description: description ?? null });

function field({ name, description, type, defaultValue }) {
  const named = getNamedType(type);
  return {
    name,
    description: description ?? null,
    type: named.name,
    list: isListType(isNonNullType(type) ? type.ofType : type),
    choices: isEnumType(named) ? named.getValues().map(choice) : null,
    default: defaultValue ?? null,
  };
}

module.exports = {
  plugin(schema) {
    const entries = INPUTS.map((name) => [name, Object.values(schema.getType(name).getFields()).map(field)]);
    return JSON.stringify(Object.fromEntries(entries), null, 2);
  },
};
