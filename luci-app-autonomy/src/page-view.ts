/** A page of web/pages as a view of LuCI: drawn once, nothing to save. */
export function pageView(create: () => HTMLElement): LuciClass<LuciView> {
	return view.extend({
		render: () => create(),
		handleSave: null,
		handleSaveApply: null,
		handleReset: null,
	});
}
