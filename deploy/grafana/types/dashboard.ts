// What our dashboards must be: the types of @grafana/schema, as JSON has them, with the options of each kind of panel.
import type { AnnotationQuery, Dashboard, FieldConfig, Panel } from '@grafana/schema';
import type * as BarGauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as Gauge from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type * as Heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as Stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as Timeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as Table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as TimeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// In JSON the member of an enum is its value.
type Json<T> = 0 extends 1 & T
  ? T
  : T extends string
    ? `${T}`
    : T extends number
      ? `${T}` extends `${infer N extends number}`
        ? N
        : number
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : T;

interface PrometheusQuery {
  refId: string;
  datasource: { type: 'prometheus'; uid: 'prometheus' };
  expr: string;
  legendFormat: string;
  instant: boolean;
  range: boolean;
  format: 'time_series' | 'table' | 'heatmap';
}

interface Fields<Custom> {
  defaults: Omit<Json<FieldConfig>, 'custom'> & { custom: Partial<Json<Custom>> };
  overrides: { matcher: { id: 'byName' | 'byRegexp'; options: string }; properties: { id: string; value: unknown }[] }[];
}

// Options that are left out have Grafana's defaults.
type PanelOf<Kind extends string, Options, Custom = Record<string, never>> = Omit<
  Json<Panel>,
  'type' | 'options' | 'fieldConfig' | 'targets'
> & { type: Kind; options: Partial<Json<Options>>; fieldConfig: Fields<Custom>; targets: PrometheusQuery[] };

type OurPanel =
  | PanelOf<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>
  | PanelOf<'stat', Stat.Options>
  | PanelOf<'gauge', Gauge.Options>
  | PanelOf<'bargauge', BarGauge.Options>
  | PanelOf<'heatmap', Heatmap.Options, Heatmap.FieldConfig>
  | PanelOf<'table', Table.Options, Table.FieldConfig>
  | PanelOf<'state-timeline', Timeline.Options, Timeline.FieldConfig>;

// What the Prometheus data source adds to an annotation is not in the schema.
type OurAnnotation = Omit<Json<AnnotationQuery>, 'target'> & {
  target: { refId: string; expr: string };
  titleFormat: string;
};

export type OurDashboard = Omit<Json<Dashboard>, 'panels' | 'annotations'> & {
  panels: OurPanel[];
  annotations: { list: OurAnnotation[] };
};
