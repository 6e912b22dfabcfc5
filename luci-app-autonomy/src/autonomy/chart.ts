"require baseclass";
export default baseclass.extend({});
